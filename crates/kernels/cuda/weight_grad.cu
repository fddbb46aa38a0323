// The weight gradient of a convolution with any kernel: for each tap a product of [C_out, pixels] and
// [pixels, C_in]. The pixels of each picture are divided among blocks, and conv_weight_grad_sum adds the
// parts in a fixed order. No part contains pixels of two pictures, so that opposite contributions of a real
// and a fake picture cancel exactly.
#include "weight_grad.cuh"

namespace weight_grad {

constexpr int THREADS = 128;
constexpr int TILE = 64;        // number of input and of output channels of a block
constexpr int DEPTH = 32;       // number of pixels of a chunk in shared memory
constexpr int PITCH = TILE + 8; // avoids bank conflicts within a warp
constexpr int ROWS = DEPTH / 8; // number of pixels of a chunk that a thread loads
constexpr int CHUNKS = 3;

template <bool TENSOR> __device__ __forceinline__ void body(const Entry &e) {
    DYNAMIC_SHARED(shared);
    const int thread = threadIdx.x, row = thread / 16, quad = thread % 16 * 4;
    const int h = e.h, width = e.width, ci = e.ci, co = e.co, oh = e.oh, ow = e.ow;
    const Place of(e, e.k * e.k, TILE, TILE);
    const int tap = of.taps, co0 = of.co0, ci0 = of.ci0, picture = of.picture, first = of.first;
    const int dy = tap / e.k - e.pad, dx = tap % e.k - e.pad;
    const float *const x = of.x, *const g = of.g;
    const int end = min(first + e.pixels_a_split, oh * ow), chunks = (end - first + DEPTH - 1) / DEPTH;

    // The positions in the gradient of the pixels that this thread loads for the next chunk; chunks are
    // loaded in order. The caller refuses sizes whose indices do not fit into 32 bits.
    int oy[ROWS], ox[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
        oy[i] = (first + row + 8 * i) / ow;
        ox[i] = (first + row + 8 * i) - oy[i] * ow;
    }
    // Copies this thread's four channels of a pixel; the tensor has `left` channels from this tile on.
    auto copy_channels = [&](float *to, const float *from, int at, int left, bool aligned, bool in) {
        if (aligned) {
            bool there = in && quad < left;
            copy16(to + quad, from + (there ? at + quad : 0), there);
            return;
        }
#pragma unroll 1
        for (int e = quad; e < quad + 4; e++) {
            bool there = in && e < left;
            copy4(to + e, from + (there ? at + e : 0), there);
        }
    };
    auto load = [&](int chunk) {
        float *gs = shared + chunk % CHUNKS * (2 * DEPTH * PITCH), *xs = gs + DEPTH * PITCH;
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            int r = row + 8 * i, pixel = first + chunk * DEPTH + r, y = oy[i] + dy, xx = ox[i] + dx;
            bool in_g = pixel < end;
            bool in_x = in_g && static_cast<unsigned>(y) < static_cast<unsigned>(h) &&
                        static_cast<unsigned>(xx) < static_cast<unsigned>(width);
            int at_g = (picture * oh * ow + pixel) * co + co0, at_x = ((picture * h + y) * width + xx) * ci + ci0;
            copy_channels(gs + r * PITCH, g, at_g, co - co0, co % 4 == 0, in_g);
            copy_channels(xs + r * PITCH, x, at_x, ci - ci0, ci % 4 == 0, in_x);
            ox[i] += DEPTH;
            while (ox[i] >= ow) {
                ox[i] -= ow;
                oy[i]++;
            }
        }
    };

    const bool sums_bias = tap == 0 && ci0 == 0;
    float4 bias = {};
    auto arrived = [&](int chunk) {
        float *gs = shared + chunk % CHUNKS * (2 * DEPTH * PITCH), *xs = gs + DEPTH * PITCH;
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            float *at = gs + (row + 8 * i) * PITCH + quad;
            if constexpr (TENSOR) {
                add(bias, round4(at));
                round4(xs + (row + 8 * i) * PITCH + quad);
            } else if (sums_bias) {
                add(bias, *reinterpret_cast<float4 *>(at));
            }
        }
    };

    constexpr int MT = TENSOR ? 2 : 1, NT = TENSOR ? 4 : 1, TM = TENSOR ? 1 : 4, TN = TENSOR ? 1 : 8;
    float acc[MT][NT][4] = {}, sums[TM][TN] = {};
    const int warp = thread / 32, group = thread % 32 / 4, place = thread % 4;
    const int wm = warp / 2 * 32, wn = warp % 2 * 32;

    auto use = [&](int c) {
        const float *gs = shared + c % CHUNKS * (2 * DEPTH * PITCH), *xs = gs + DEPTH * PITCH;
        if constexpr (TENSOR) {
#pragma unroll
            for (int r = 0; r < DEPTH; r += 8) {
                float left[MT][4], right[NT][2];
                gradient_factors<PITCH>(left, gs + (r + place) * PITCH + wm + group);
#pragma unroll
                for (int j = 0; j < NT; j++) {
                    const float *from = xs + (r + place) * PITCH + wn + j * 8 + group;
                    right[j][0] = from[0];
                    right[j][1] = from[4 * PITCH];
                }
                multiply(acc, left, right);
            }
        } else {
#pragma unroll 4
            for (int r = 0; r < DEPTH; r++) {
                float4 a = *reinterpret_cast<const float4 *>(gs + r * PITCH + thread / 8 * 4);
                float4 b = *reinterpret_cast<const float4 *>(xs + r * PITCH + thread % 8 * 4);
                float4 d = *reinterpret_cast<const float4 *>(xs + r * PITCH + 32 + thread % 8 * 4);
                float left[4] = {a.x, a.y, a.z, a.w}, right[8] = {b.x, b.y, b.z, b.w, d.x, d.y, d.z, d.w};
#pragma unroll
                for (int i = 0; i < TM; i++)
#pragma unroll
                    for (int j = 0; j < TN; j++) sums[i][j] += left[i] * right[j];
            }
        }
    };
    pipeline<CHUNKS>(chunks, load, arrived, use);
    float *to = e.part + (static_cast<long long>(of.part) * e.k * e.k + tap) * co * ci;
    auto store = [&](int row, int column, float v) {
        if (co0 + row < co && ci0 + column < ci) to[(co0 + row) * ci + ci0 + column] = v;
    };
    if constexpr (TENSOR) {
#pragma unroll
        for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
#pragma unroll
                for (int r = 0; r < 4; r++)
                    store(wm + i * 16 + group + r / 2 * 8, wn + j * 8 + place * 2 + r % 2, acc[i][j][r]);
    } else {
#pragma unroll
        for (int i = 0; i < TM; i++)
#pragma unroll
            for (int j = 0; j < TN; j++)
                store(thread / 8 * 4 + i, j / 4 * 32 + thread % 8 * 4 + j % 4, sums[i][j]);
    }
    if (sums_bias)
        store_bias<TILE>(shared, bias, e.bias_part + static_cast<long long>(of.part) * co + co0, co - co0);
}

} // namespace weight_grad

#define WEIGHT_GRAD(name, tensor)                                                                                      \
    KERNEL __launch_bounds__(weight_grad::THREADS) name(const weight_grad::Table table, int entries) {                 \
        weight_grad::body<tensor>(weight_grad::entry(table, entries));                                                   \
    }

WEIGHT_GRAD(conv_weight_grad_tf32, true)
WEIGHT_GRAD(conv_weight_grad_f32, false)

// Adds the parts in a fixed order. Only the first `n` pictures contribute to the gradient of the bias.
KERNEL conv_weight_grad_sum(const weight_grad::Table table, int entries) {
    const weight_grad::Entry &e = weight_grad::entry(table, entries);
    const int taps = e.k * e.k, weights = taps * e.co * e.ci;
    const int i = (static_cast<int>(blockIdx.x) - static_cast<int>(e.first_block)) * static_cast<int>(blockDim.x) + threadIdx.x;
    if (i >= weights + e.co) return;
    const float *from = i < weights ? e.part + i : e.bias_part + i - weights;
    const int stride = i < weights ? weights : e.co, pictures = i < weights ? e.pictures : e.n;
    double sum = 0.0;
    for (int picture = 0; picture < pictures; picture++) {
        double of_picture = 0.0;
        for (int s = 0; s < e.splits; s++) of_picture += from[static_cast<long long>(picture * e.splits + s) * stride];
        sum += of_picture;
    }
    const int tap = i / (e.co * e.ci);
    e.out[i < weights ? i % (e.co * e.ci) * taps + tap : i] = static_cast<float>(sum);
}
