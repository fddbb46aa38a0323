// The weight gradient of a 3x3 convolution on tensor cores. It works like weight_grad.cu, but a block
// computes one row of taps, or all three. Input and gradient are loaded into shared memory once for all these
// taps; successive taps of a row read the input shifted by one pixel.
//
// Pixels are numbered as if the rows of the gradient were as wide as those of the padded input, with two
// additional pixels in which the gradient is zero. Then pixel q of the gradient is multiplied by pixels q, q
// + 1 and q + 2 of the input, also at the end of a row. (A NaN or infinity in the input therefore reaches
// more taps than in an exact computation; it does not get lost.)
#include "weight_grad.cuh"

namespace weight_grad3x3 {

constexpr int THREADS = 128;
constexpr int DEPTH = 32;        // number of pixels of a chunk in shared memory
constexpr int ACROSS = DEPTH + 2; // number of pixels of a row of the input in a chunk
constexpr int CHUNKS = 3;

// The distance in shared memory of pixels with this many channels. It avoids bank conflicts within a warp
// when factors are read.
__device__ constexpr int pitch(int channels) { return channels == 8 ? 8 : channels + 8; }

// The positions of the pixels that a thread loads of a tile of ROWS pixels by CHANNELS channels: every
// STEP-th pixel, four channels of each. The positions are advanced chunk by chunk, which avoids divisions in
// the loop.
template <int CHANNELS, int ROWS> struct Pixels {
    static constexpr int STEP = THREADS / (CHANNELS / 4), COUNT = (ROWS + STEP - 1) / STEP;
    int row, quad, y[COUNT], x[COUNT];

    __device__ __forceinline__ Pixels(int first, int width)
        : row(threadIdx.x / (CHANNELS / 4)), quad(threadIdx.x % (CHANNELS / 4) * 4) {
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            y[i] = (first + row + STEP * i) / width;
            x[i] = first + row + STEP * i - y[i] * width;
        }
    }
    // Advances by DEPTH pixels, which are `rows` rows and `columns` columns.
    __device__ __forceinline__ void advance(int rows, int columns, int width) {
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            x[i] += columns;
            bool over = x[i] >= width;
            x[i] -= over ? width : 0;
            y[i] += over ? rows + 1 : rows;
        }
    }
    // Calls call(i, row) for the pixels of this thread that lie within the tile.
    template <class Each> __device__ __forceinline__ void each(Each call) const {
#pragma unroll
        for (int i = 0; i < COUNT; i++)
            if (ROWS % STEP == 0 || row + STEP * i < ROWS) call(i, row + STEP * i);
    }
};

// Copies this thread's four channels of a pixel; the tensor has `left` channels from this tile on. In a tile
// of 64 channels, whose number is a multiple of four in the tensor, all four are copied at once; in a narrow
// tile they are copied one by one.
template <int CHANNELS>
__device__ __forceinline__ void copy_channels(float *to, const float *from, int at, int quad, int left, bool in) {
    if constexpr (CHANNELS == 64) {
        bool there = in && quad < left;
        copy16(to, from + (there ? at + quad : 0), there);
    } else {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            bool there = in && quad + e < left;
            copy4(to + e, from + (there ? at + quad + e : 0), there);
        }
    }
}

// Each block computes TO by TI channels for TAP_ROWS rows of taps; its warps form a grid of WARPS_M by
// 4 / WARPS_M.
template <int TO, int TI, int TAP_ROWS, int WARPS_M>
__device__ __forceinline__ void body(const weight_grad::Entry &e) {
    DYNAMIC_SHARED(shared);
    constexpr int PG = pitch(TO), PX = pitch(TI), CHUNK = DEPTH * PG + TAP_ROWS * ACROSS * PX;
    constexpr int MT = TO / WARPS_M / 16, NB = TI / (4 / WARPS_M) / 8, NT = TAP_ROWS * 3 * NB;
    const int h = e.h, width = e.width, ci = e.ci, co = e.co, pad = e.pad, oh = e.oh, ow = e.ow, across = ow + 2;
    const weight_grad::Place of(e, 3 / TAP_ROWS, TO, TI);
    const int tap_row = of.taps * TAP_ROWS, co0 = of.co0, ci0 = of.ci0, picture = of.picture, first = of.first;
    const float *const x = of.x, *const g = of.g;
    const int end = min(first + e.pixels_a_split, oh * across), chunks = (end - first + DEPTH - 1) / DEPTH;

    Pixels<TO, DEPTH> gp(first, across);
    Pixels<TI, ACROSS> xp(first, across);
    auto load = [&](int chunk) {
        float *gs = shared + chunk % CHUNKS * CHUNK, *xs = gs + DEPTH * PG;
        gp.each([&](int i, int r) {
            bool in = first + chunk * DEPTH + r < end && gp.x[i] < ow;
            int at = ((picture * oh + gp.y[i]) * ow + gp.x[i]) * co + co0;
            copy_channels<TO>(gs + r * PG + gp.quad, g, at, gp.quad, co - co0, in);
        });
#pragma unroll
        for (int t = 0; t < TAP_ROWS; t++)
            xp.each([&](int i, int r) {
                int y = xp.y[i] + tap_row + t - pad, xx = xp.x[i] - pad;
                bool in = static_cast<unsigned>(y) < static_cast<unsigned>(h) &&
                          static_cast<unsigned>(xx) < static_cast<unsigned>(width);
                int at = ((picture * h + y) * width + xx) * ci + ci0;
                copy_channels<TI>(xs + (t * ACROSS + r) * PX + xp.quad, x, at, xp.quad, ci - ci0, in);
            });
        gp.advance(DEPTH / across, DEPTH % across, across);
        xp.advance(DEPTH / across, DEPTH % across, across);
    };
    float4 bias = {};
    auto arrived = [&](int chunk) {
        float *gs = shared + chunk % CHUNKS * CHUNK, *xs = gs + DEPTH * PG;
        gp.each([&](int, int r) { weight_grad::add(bias, round4(gs + r * PG + gp.quad)); });
#pragma unroll
        for (int t = 0; t < TAP_ROWS; t++)
            xp.each([&](int, int r) { round4(xs + (t * ACROSS + r) * PX + xp.quad); });
    };

    float acc[MT][NT][4] = {};
    const int thread = threadIdx.x, warp = thread / 32, group = thread % 32 / 4, place = thread % 4;
    const int wm = warp % WARPS_M * MT * 16, wn = warp / WARPS_M * NB * 8;

    auto use = [&](int chunk) {
        const float *gs = shared + chunk % CHUNKS * CHUNK, *xs = gs + DEPTH * PG;
#pragma unroll
        for (int r = 0; r < DEPTH; r += 8) {
            float left[MT][4], right[NT][2];
            weight_grad::gradient_factors<PG>(left, gs + (r + place) * PG + wm + group);
#pragma unroll
            for (int j = 0; j < NT; j++) { // in the order tap, channels
                int tap = j / NB;
                const float *from = xs + (tap / 3 * ACROSS + r + tap % 3 + place) * PX + wn + j % NB * 8 + group;
                right[j][0] = from[0];
                right[j][1] = from[4 * PX];
            }
            multiply(acc, left, right);
        }
    };
    pipeline<CHUNKS>(chunks, load, arrived, use);

    float *to = e.part + static_cast<long long>(of.part) * 9 * co * ci;
#pragma unroll
    for (int i = 0; i < MT; i++)
#pragma unroll
        for (int j = 0; j < NT; j++)
#pragma unroll
            for (int r = 0; r < 4; r++) {
                int row = co0 + wm + i * 16 + group + r / 2 * 8;
                int column = ci0 + wn + j % NB * 8 + place * 2 + r % 2, tap = tap_row * 3 + j / NB;
                if (row < co && column < ci) to[(tap * co + row) * ci + column] = acc[i][j][r];
            }
    if (tap_row == 0 && ci0 == 0) {
        float *bias_to = e.bias_part + static_cast<long long>(of.part) * co + co0;
        weight_grad::store_bias<TO>(shared, bias, bias_to, co - co0);
    }
}

} // namespace weight_grad3x3

#define WEIGHT_GRAD3X3(name, blocks, ...)                                                                              \
    KERNEL __launch_bounds__(weight_grad3x3::THREADS, blocks) name(const weight_grad::Table table, int entries) {      \
        weight_grad3x3::body<__VA_ARGS__>(weight_grad::entry(table, entries));                                           \
    }

WEIGHT_GRAD3X3(weight_grad3x3_64x64, 2, 64, 64, 1, 1)
WEIGHT_GRAD3X3(weight_grad3x3_64x8, 4, 64, 8, 3, 4)   // for the first layer of a network
WEIGHT_GRAD3X3(weight_grad3x3_16x64, 4, 16, 64, 1, 1) // for the last layer of a network
