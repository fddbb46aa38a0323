// Shared by all weight gradient kernels: the table of the requested gradients, and the gradient of the bias,
// which is computed along with them.
#pragma once
#include "common.cuh"

namespace weight_grad {

constexpr int ENTRIES = 32; // number of entries of a table

// The request for the weight gradient of a convolution, over `n` pictures in x and g and `pictures - n`
// further pictures in x2 and g2.
struct Entry {
    const float *x, *g, *x2, *g2;
    float *part;      // [pictures * splits, taps, co, ci]
    float *bias_part; // [pictures * splits, co]
    float *out;       // [co, ci, taps], followed by [co]
    int n, pictures, h, width, ci, co, k, pad, oh, ow, splits, pixels_a_split;
    long long first_block; // the number of its first block in the launch
};

struct Table {
    Entry entries[ENTRIES];
};

// The entry of this block: the last one whose first block is not after it.
__device__ __forceinline__ const Entry &entry(const Table &table, int entries) {
    int k = 0;
    while (k + 1 < entries && table.entries[k + 1].first_block <= blockIdx.x) k++;
    return table.entries[k];
}

// The part of an entry that this block computes. From block to block the group of taps changes fastest, so
// that blocks that read the same data run at the same time, then the tile of channels, then picture and
// split.
struct Place {
    int taps, co0, ci0, part, picture, first;
    const float *x, *g;

    __device__ __forceinline__ Place(const Entry &e, int tap_blocks, int to, int ti) {
        int ci_tiles = (e.ci + ti - 1) / ti, tiles = (e.co + to - 1) / to * ci_tiles;
        int block = blockIdx.x - static_cast<int>(e.first_block);
        taps = block % tap_blocks;
        block /= tap_blocks;
        co0 = block % tiles / ci_tiles * to;
        ci0 = block % ci_tiles * ti;
        part = block / tiles;
        int number = part / e.splits;
        first = part % e.splits * e.pixels_a_split;
        bool second = number >= e.n;
        picture = second ? number - e.n : number;
        x = second ? e.x2 : e.x;
        g = second ? e.g2 : e.g;
    }
};

// Loads the factors of a lane from the gradient: MT times 16 channels by eight pixels. `from` is the lane's
// first value in shared memory, which has PITCH values per pixel.
template <int PITCH, int MT>
__device__ __forceinline__ void gradient_factors(float (&to)[MT][4], const float *from) {
#pragma unroll
    for (int i = 0; i < MT; i++) {
        to[i][0] = from[i * 16];
        to[i][1] = from[i * 16 + 8];
        to[i][2] = from[i * 16 + 4 * PITCH];
        to[i][3] = from[i * 16 + 4 * PITCH + 8];
    }
}

__device__ __forceinline__ void add(float4 &sum, float4 v) {
    sum.x += v.x;
    sum.y += v.y;
    sum.z += v.z;
    sum.w += v.w;
}

// Adds the sums of all threads of a block and stores them for the first `left` of CHANNELS channels. `sums`
// are the sums over the pixels that this thread has loaded, for the four channels beginning with
// threadIdx.x * 4 % CHANNELS. `shared` may be overwritten once all threads have called this function.
template <int CHANNELS>
__device__ __forceinline__ void store_bias(float *shared, float4 sums, float *to, int left) {
    __syncthreads();
    reinterpret_cast<float4 *>(shared)[threadIdx.x] = sums;
    __syncthreads();
    int channel = threadIdx.x;
    if (channel >= CHANNELS || channel >= left) return;
    float sum = 0.f;
    for (int i = channel; i < static_cast<int>(blockDim.x) * 4; i += CHANNELS) sum += shared[i];
    to[channel] = sum;
}

} // namespace weight_grad
