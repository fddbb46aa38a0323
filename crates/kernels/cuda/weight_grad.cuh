// What all weight gradient kernels share: the table of what they compute, and the bias's gradient, which comes with them.
#pragma once
#include "common.cuh"

namespace weight_grad {

constexpr int ENTRIES = 32; // of a table

// The weight gradient of a convolution: of `n` pictures in x and g, and of `pictures - n` more in x2 and g2.
struct Entry {
    const float *x, *g, *x2, *g2;
    float *part;      // [pictures * splits, taps, co, ci]
    float *bias_part; // [pictures * splits, co]
    float *out;       // [co, ci, taps], and behind it [co]
    int n, pictures, h, width, ci, co, k, pad, oh, ow, splits, pixels_a_split;
    long long first_block; // of the launch that it is in
};

struct Table {
    Entry entries[ENTRIES];
};

// The entry that a block works for: the last one that begins before it.
__device__ __forceinline__ const Entry &entry(const Table &table, int entries) {
    int k = 0;
    while (k + 1 < entries && table.entries[k + 1].first_block <= blockIdx.x) k++;
    return table.entries[k];
}

// Which of an entry's blocks this is: the group of taps changes first, so that blocks that read the same run at the same time,
// then the tile of channels, then picture and split.
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

// The gradient's factors of a lane: MT times 16 channels, eight pixels deep, of which `from` is the lane's first value in shared
// memory with PITCH values a pixel.
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

// Adds a block's threads' sums, each of four channels of the pixels it has brought, and stores them for the first `left`
// of CHANNELS channels. Thread t has channels t * 4 % CHANNELS and following. `shared` is free to be written when all come here.
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
