// Convolution with any kernel and any number of channels as an implicit matrix product. Rows are pixels of
// the result, columns its channels, and the inner dimension (depth) runs over the taps of the kernel and the
// channels of the input. Activations are [N, H, W, C], weights are packed as [C_out, taps, C_in] by
// conv_pack.
#include "conv.cuh"

namespace conv {

constexpr int THREADS = 128;
constexpr int DEPTH = 32;        // depth of a chunk in shared memory
constexpr int PITCH = DEPTH + 4; // distance of its rows, which avoids bank conflicts within a warp
constexpr int CHUNKS = 3;        // number of chunks in shared memory or being copied

// Each block computes BM pixels by BN channels.
template <int BM, int BN, bool TENSOR> __device__ __forceinline__ void body(const Arguments &p) {
    DYNAMIC_SHARED(shared);
    constexpr int A_ROWS = BM / 16, B_ROWS = (BN + 15) / 16, CHUNK = (BM + BN) * PITCH;
    const int thread = threadIdx.x, row = thread / 8, quad = thread % 8 * 4;
    const int m0 = blockIdx.x * BM, n0 = blockIdx.y * BN;
    const int depth = p.k * p.k * p.ci, chunks = (depth + DEPTH - 1) / DEPTH;

    // The upper left corners of the patches that this thread loads, and their indices in x. A corner may lie
    // outside the picture; then it is not read. The caller refuses sizes whose indices do not fit into 32
    // bits.
    int top[A_ROWS], left[A_ROWS], base[A_ROWS];
#pragma unroll
    for (int i = 0; i < A_ROWS; i++) {
        int m = m0 + row + 16 * i, pixels = p.oh * p.ow;
        bool there = m < p.n * pixels;
        int picture = there ? m / pixels : 0, pixel = m - picture * pixels;
        top[i] = there ? pixel / p.ow - p.pad : -p.h - p.k; // above the picture, so only zeros are read
        left[i] = there ? pixel % p.ow - p.pad : 0;
        base[i] = ((picture * p.h + top[i]) * p.width + left[i]) * p.ci;
    }
    // Copies four adjacent values at once, or one by one if the number of channels is not a multiple of four.
    auto load_at = [&](float *a, float *b, int at, auto copy) {
        int tap = at / p.ci, channel = at - tap * p.ci, dy = tap / p.k, dx = tap - dy * p.k;
        int offset = (dy * p.width + dx) * p.ci + channel;
        bool deep = at < depth;
#pragma unroll
        for (int i = 0; i < A_ROWS; i++) {
            bool there = deep && static_cast<unsigned>(top[i] + dy) < static_cast<unsigned>(p.h) &&
                         static_cast<unsigned>(left[i] + dx) < static_cast<unsigned>(p.width);
            copy(a + 16 * i * PITCH, p.x + (there ? base[i] + offset : 0), there);
        }
#pragma unroll
        for (int i = 0; i < B_ROWS; i++) {
            int column = row + 16 * i;
            if (column >= BN) continue;
            bool there = deep && n0 + column < p.co;
            copy(b + 16 * i * PITCH, p.w + (there ? (n0 + column) * depth + at : 0), there);
        }
    };
    auto load = [&](int chunk) {
        float *a = shared + chunk % CHUNKS * CHUNK + row * PITCH + quad, *b = a + BM * PITCH;
        int at = chunk * DEPTH + quad;
        if (p.ci % 4 == 0) {
            load_at(a, b, at, [](float *to, const float *from, bool there) { copy16(to, from, there); });
        } else {
#pragma unroll 1
            for (int e = 0; e < 4; e++)
                load_at(a + e, b + e, at + e, [](float *to, const float *from, bool there) { copy4(to, from, there); });
        }
    };

    auto arrived = [&](int chunk) {
        if constexpr (TENSOR) // the weights were rounded by conv_pack
#pragma unroll
            for (int i = 0; i < A_ROWS; i++) round4(shared + chunk % CHUNKS * CHUNK + (row + 16 * i) * PITCH + quad);
    };

    // With tensor cores, the warps form a grid of WARPS_M by WARPS_N. Otherwise the threads form a grid of
    // 16 x 8, and each computes every 16th row and every 8th column.
    constexpr int WARPS_N = BN >= 64 ? 2 : 1, WARPS_M = 4 / WARPS_N;
    constexpr int MT = TENSOR ? BM / WARPS_M / 16 : 1, NT = TENSOR ? BN / WARPS_N / 8 : 1;
    constexpr int TM = TENSOR ? 1 : BM / 16, TN = TENSOR ? 1 : BN / 8;
    float acc[MT][NT][4] = {}, sums[TM][TN] = {};
    const int warp = thread / 32, group = thread % 32 / 4, place = thread % 4;
    const int wm = warp / WARPS_N * MT * 16, wn = warp % WARPS_N * NT * 8;

    auto use = [&](int c) {
        const float *a = shared + c % CHUNKS * CHUNK, *b = a + BM * PITCH;
        if constexpr (TENSOR) {
#pragma unroll
            for (int k = 0; k < DEPTH; k += 8) {
                float l[MT][4], r[NT][2];
#pragma unroll
                for (int i = 0; i < MT; i++) {
                    const float *from = a + (wm + i * 16 + group) * PITCH + k + place;
                    l[i][0] = from[0];
                    l[i][1] = from[8 * PITCH];
                    l[i][2] = from[4];
                    l[i][3] = from[8 * PITCH + 4];
                }
#pragma unroll
                for (int j = 0; j < NT; j++) {
                    const float *from = b + (wn + j * 8 + group) * PITCH + k + place;
                    r[j][0] = from[0];
                    r[j][1] = from[4];
                }
                multiply(acc, l, r);
            }
        } else {
#pragma unroll 2
            for (int k = 0; k < DEPTH; k += 4) {
                float4 l[TM], r[TN];
#pragma unroll
                for (int i = 0; i < TM; i++)
                    l[i] = *reinterpret_cast<const float4 *>(a + (thread / 8 + 16 * i) * PITCH + k);
#pragma unroll
                for (int j = 0; j < TN; j++)
                    r[j] = *reinterpret_cast<const float4 *>(b + (thread % 8 + 8 * j) * PITCH + k);
#pragma unroll
                for (int i = 0; i < TM; i++)
#pragma unroll
                    for (int j = 0; j < TN; j++) {
                        sums[i][j] += l[i].x * r[j].x;
                        sums[i][j] += l[i].y * r[j].y;
                        sums[i][j] += l[i].z * r[j].z;
                        sums[i][j] += l[i].w * r[j].w;
                    }
            }
        }
    };
    pipeline<CHUNKS>(chunks, load, arrived, use);
    if constexpr (TENSOR) {
#pragma unroll
        for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++) {
                int m = m0 + wm + i * 16 + group, column = n0 + wn + j * 8 + place * 2, pixels = p.n * p.oh * p.ow;
                if (m < pixels) store_pair(p, m, column, acc[i][j][0], acc[i][j][1]);
                if (m + 8 < pixels) store_pair(p, m + 8, column, acc[i][j][2], acc[i][j][3]);
            }
    } else {
#pragma unroll
        for (int i = 0; i < TM; i++) {
            int m = m0 + thread / 8 + 16 * i;
            if (m >= p.n * p.oh * p.ow) continue;
#pragma unroll
            for (int j = 0; j < TN; j++) store(p, m, n0 + thread % 8 + 8 * j, sums[i][j]);
        }
    }
}

} // namespace conv

CONV(conv_tf32_128x64, (conv::THREADS), conv::body<128, 64, true>)
CONV(conv_tf32_64x64, (conv::THREADS), conv::body<64, 64, true>)
CONV(conv_tf32_64x8, (conv::THREADS), conv::body<64, 8, true>)
CONV(conv_f32_64x64, (conv::THREADS), conv::body<64, 64, false>)
CONV(conv_f32_64x8, (conv::THREADS), conv::body<64, 8, false>)

namespace packing {

constexpr int ENTRIES = 64;  // number of entries of a table
constexpr int VALUES = 1024; // number of values of a filter that a block packs

struct Entry {
    const float *w; // [co, ci, taps]
    float *forward, *backward;
    int co, ci;
    int taps, first_block;
};

struct Table {
    Entry entries[ENTRIES];
};

} // namespace packing

// Packs weights [co, ci, k, k] as [co, k, k, ci] for the convolution, and as [ci, k, k, co] with the taps in
// reverse order for its input gradient, which is itself a convolution. With `rounded`, the values are rounded
// to TF32 for the kernels that use tensor cores.
KERNEL conv_pack(const packing::Table table, int entries, int rounded) {
    int k = 0;
    while (k + 1 < entries && table.entries[k + 1].first_block <= static_cast<int>(blockIdx.x)) k++;
    const packing::Entry &e = table.entries[k];
    int from = (static_cast<int>(blockIdx.x) - e.first_block) * packing::VALUES, n = e.co * e.ci * e.taps;
    for (int i = from + threadIdx.x; i < from + packing::VALUES && i < n; i += blockDim.x) {
        int inner = i % e.ci, tap = i / e.ci % e.taps, outer = i / e.ci / e.taps;
        float w = e.w[(outer * e.ci + inner) * e.taps + tap];
        e.forward[i] = rounded ? to_tf32(w) : w;
        inner = i % e.co, tap = i / e.co % e.taps, outer = i / e.co / e.taps;
        w = e.w[(inner * e.ci + outer) * e.taps + e.taps - 1 - tap];
        e.backward[i] = rounded ? to_tf32(w) : w;
    }
}
