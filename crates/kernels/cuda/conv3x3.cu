// 3x3 convolution of many channels on tensor cores. A block computes a tile of the picture. It loads the tile
// with its border into shared memory once, 32 channels at a time, and all nine taps read it there. The
// general kernel (conv.cu) loads each pixel nine times and is limited by that memory traffic.
#include "conv.cuh"

namespace conv3x3 {

constexpr int DEPTH = 32;        // number of channels of the tile in shared memory
constexpr int PITCH = DEPTH + 4; // distance of its pixels, which avoids bank conflicts within a warp
constexpr int TAPS = 9;
constexpr int CHUNKS = 2; // chunks of weights (one tap, 32 channels): one in use, one being copied

// Each block computes TH x TW pixels by BN channels; its warps form a grid of WARPS_M by WARPS_N.
template <int TH, int TW, int BN, int WARPS_M, int WARPS_N>
__device__ __forceinline__ void body(const conv::Arguments &p) {
    DYNAMIC_SHARED(shared);
    constexpr int ROWS = WARPS_M * WARPS_N * 4; // pixels or filters loaded at once, four channels per thread
    constexpr int HW = TW + 2, HALO = (TH + 2) * HW, B_ROWS = (BN + ROWS - 1) / ROWS;
    constexpr int MT = TH * TW / WARPS_M / 16, NT = BN / WARPS_N / 8;
    static_assert(TW % 8 == 0 && MT * 16 % TW == 0, "a warp has whole rows of the tile");
    // The next 32 channels of the tile are loaded in pieces, together with the weights of the last eight taps
    // for the current channels.
    constexpr int PASSES = (HALO + ROWS - 1) / ROWS, PIECE = (PASSES + TAPS - 2) / (TAPS - 1);
    float *const weights = shared + 2 * HALO * PITCH;

    const int thread = threadIdx.x, row = thread / 8, quad = thread % 8 * 4;
    const int tiles = (p.ow + TW - 1) / TW, picture = blockIdx.z, n0 = blockIdx.y * BN;
    const int y0 = static_cast<int>(blockIdx.x) / tiles * TH, x0 = static_cast<int>(blockIdx.x) % tiles * TW;
    const int steps = p.ci / DEPTH * TAPS;

    // Each pass loads ROWS pixels of the tile.
    auto pixels = [&](int channels, int pass) { return shared + (channels % 2 * HALO + row + ROWS * pass) * PITCH + quad; };
    auto load_pixels = [&](int channels, int pass) {
        int at = row + ROWS * pass;
        if (at >= HALO) return;
        int hy = at / HW, y = y0 + hy - p.pad, x = x0 + at - hy * HW - p.pad;
        bool there = static_cast<unsigned>(y) < static_cast<unsigned>(p.h) &&
                     static_cast<unsigned>(x) < static_cast<unsigned>(p.width);
        const float *from = there ? p.x + ((picture * p.h + y) * p.width + x) * p.ci + channels * DEPTH + quad : p.x;
        copy16(pixels(channels, pass), from, there);
    };
    // Calls `each` for the pixels that are loaded together with the weights of a step. In the first step
    // these are all pixels of the first channels. In later steps they are one piece of the next channels,
    // which overwrites the half of the buffer that no thread reads any more, because all threads have passed
    // the last tap of the previous channels.
    auto with_pixels = [&](int step, auto each) {
        int channels = step / TAPS, tap = step - channels * TAPS;
        if (step == 0) {
#pragma unroll 1
            for (int pass = 0; pass < PASSES; pass++) each(0, pass);
        }
        if (tap > 0 && (channels + 1) * DEPTH < p.ci) {
#pragma unroll
            for (int i = 0; i < PIECE; i++)
                if ((tap - 1) * PIECE + i < PASSES) each(channels + 1, (tap - 1) * PIECE + i);
        }
    };
    auto load = [&](int step) {
        int channels = step / TAPS, tap = step - channels * TAPS;
#pragma unroll
        for (int i = 0; i < B_ROWS; i++) {
            int column = row + ROWS * i;
            if (column >= BN) continue;
            bool there = n0 + column < p.co;
            int at = ((n0 + column) * TAPS + tap) * p.ci + channels * DEPTH + quad;
            copy16(weights + (step % CHUNKS * BN + column) * PITCH + quad, p.w + (there ? at : 0), there);
        }
        with_pixels(step, load_pixels);
    };
    auto arrived = [&](int step) {
        with_pixels(step, [&](int channels, int pass) {
            if (row + ROWS * pass < HALO) round4(pixels(channels, pass)); // the weights were rounded by conv_pack
        });
    };

    float acc[MT][NT][4] = {};
    const int warp = thread / 32, group = thread % 32 / 4, place = thread % 4;
    const int wm = warp / WARPS_N * MT * 16, wn = warp % WARPS_N * NT * 8;

    auto use = [&](int step) {
        int channels = step / TAPS, tap = step - channels * TAPS, dy = tap / 3, dx = tap - dy * 3;
        const float *a = shared + (channels % 2 * HALO + (wm / TW + dy) * HW + dx + group) * PITCH + place;
        const float *b = weights + (step % CHUNKS * BN + wn + group) * PITCH + place;
#pragma unroll
        for (int k = 0; k < DEPTH; k += 8) {
            float l[MT][4], r[NT][2];
#pragma unroll
            for (int i = 0; i < MT; i++)
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    int m = i * 16 + half * 8;
                    const float *from = a + (m / TW * HW + m % TW) * PITCH + k;
                    l[i][half] = from[0];
                    l[i][half + 2] = from[4];
                }
#pragma unroll
            for (int j = 0; j < NT; j++) {
                r[j][0] = b[j * 8 * PITCH + k];
                r[j][1] = b[j * 8 * PITCH + k + 4];
            }
            multiply(acc, l, r);
        }
    };
    pipeline<CHUNKS>(steps, load, arrived, use);

#pragma unroll
    for (int i = 0; i < MT; i++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int m = wm + i * 16 + half * 8 + group, y = y0 + m / TW, x = x0 + m % TW;
            if (y >= p.oh || x >= p.ow) continue;
            int pixel = (picture * p.oh + y) * p.ow + x;
#pragma unroll
            for (int j = 0; j < NT; j++)
                conv::store_pair(p, pixel, n0 + wn + j * 8 + place * 2, acc[i][j][half * 2], acc[i][j][half * 2 + 1]);
        }
}

} // namespace conv3x3

CONV(conv3x3_tf32_16x16x64, (256, 2), conv3x3::body<16, 16, 64, 4, 2>)
CONV(conv3x3_tf32_8x16x64, (128, 3), conv3x3::body<8, 16, 64, 2, 2>)
CONV(conv3x3_tf32_8x8x64, (128, 4), conv3x3::body<8, 8, 64, 2, 2>)
CONV(conv3x3_tf32_8x8x32, (128), conv3x3::body<8, 8, 32, 2, 2>)
CONV(conv3x3_tf32_8x8x8, (128), conv3x3::body<8, 8, 8, 4, 1>)
