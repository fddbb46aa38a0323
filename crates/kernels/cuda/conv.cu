// Convolution by implicit matrix products: rows are pixels of the result, columns its channels, the depth runs over the
// kernel's taps and the input's channels. Activations are [N, H, W, C], weights packed as [C_out, taps, C_in] (conv_pack).
#include "common.cuh"

namespace conv {

constexpr int THREADS = 128;
constexpr int DEPTH = 32;        // of a chunk in shared memory
constexpr int PITCH = DEPTH + 4; // of its rows: no two lanes of a warp hit one bank
constexpr int CHUNKS = 3;        // in flight

struct Arguments {
    const float *x, *w, *bias, *by;
    float *y;
    int n, h, width, ci, co, k, pad, oh, ow, leaky;
    float slope;
};

__device__ __forceinline__ void store(const Arguments &p, int m, int column, float v) {
    if (m >= p.n * p.oh * p.ow || column >= p.co) return;
    long long at = static_cast<long long>(m) * p.co + column;
    if (p.bias) v += p.bias[column];
    if (p.leaky) v = v > 0.f ? v : p.slope * v;
    if (p.by) v = p.by[at] > 0.f ? v : p.slope * v;
    p.y[at] = v;
}

// BM pixels by BN channels a block.
template <int BM, int BN, bool TENSOR> __device__ __forceinline__ void body(const Arguments &p) {
    DYNAMIC_SHARED(shared);
    constexpr int A_ROWS = BM / 16, B_ROWS = (BN + 15) / 16, CHUNK = (BM + BN) * PITCH;
    const int thread = threadIdx.x, row = thread / 8, quad = thread % 8 * 4;
    const int m0 = blockIdx.x * BM, n0 = blockIdx.y * BN;
    const int depth = p.k * p.k * p.ci, chunks = (depth + DEPTH - 1) / DEPTH;

    // The upper left corners of the patches that this thread loads.
    int top[A_ROWS], left[A_ROWS], picture[A_ROWS];
#pragma unroll
    for (int i = 0; i < A_ROWS; i++) {
        int m = m0 + row + 16 * i, pixels = p.oh * p.ow;
        bool there = m < p.n * pixels;
        picture[i] = there ? m / pixels : 0;
        int pixel = m - picture[i] * pixels;
        top[i] = there ? pixel / p.ow - p.pad : -p.h - p.k; // above every picture: all zeros
        left[i] = there ? pixel % p.ow - p.pad : 0;
    }
    auto load = [&](int chunk) {
        float *a = shared + chunk % CHUNKS * CHUNK, *b = a + BM * PITCH;
        int step = p.ci % 4 == 0 ? 4 : 1;
        for (int e = 0; e < 4; e += step) {
            int at = chunk * DEPTH + quad + e;
            int tap = at / p.ci, channel = at - tap * p.ci, dy = tap / p.k, dx = tap - dy * p.k;
#pragma unroll
            for (int i = 0; i < A_ROWS; i++) {
                int y = top[i] + dy, x = left[i] + dx;
                bool there = at < depth && y >= 0 && y < p.h && x >= 0 && x < p.width;
                long long pixel = (static_cast<long long>(picture[i]) * p.h + y) * p.width + x;
                const float *from = there ? p.x + pixel * p.ci + channel : p.x;
                float *to = a + (row + 16 * i) * PITCH + quad + e;
                if (step == 4) copy16(to, from, there);
                else copy4(to, from, there);
            }
#pragma unroll
            for (int i = 0; i < B_ROWS; i++) {
                int column = row + 16 * i;
                if (column >= BN) continue;
                bool there = at < depth && n0 + column < p.co;
                const float *from = there ? p.w + static_cast<long long>(n0 + column) * depth + at : p.w;
                float *to = b + column * PITCH + quad + e;
                if (step == 4) copy16(to, from, there);
                else copy4(to, from, there);
            }
        }
    };

    // Tensor cores: warps in a grid of WARPS_M by WARPS_N. Else: 16 x 8 threads, each with every 16th row, 8th column.
    constexpr int WARPS_N = BN >= 64 ? 2 : 1, WARPS_M = 4 / WARPS_N;
    constexpr int MT = TENSOR ? BM / WARPS_M / 16 : 1, NT = TENSOR ? BN / WARPS_N / 8 : 1;
    constexpr int TM = TENSOR ? 1 : BM / 16, TN = TENSOR ? 1 : BN / 8;
    float acc[MT][NT][4] = {}, sums[TM][TN] = {};
    const int warp = thread / 32, group = thread % 32 / 4, place = thread % 4;
    const int wm = warp / WARPS_N * MT * 16, wn = warp % WARPS_N * NT * 8;

    for (int c = 0; c < CHUNKS - 1; c++) {
        if (c < chunks) load(c);
        copy_commit();
    }
    for (int c = 0; c < chunks; c++) {
        copy_wait<CHUNKS - 2>();
        __syncthreads();
        if (c + CHUNKS - 1 < chunks) load(c + CHUNKS - 1);
        copy_commit();
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
                multiply<MT, NT>(acc, l, r);
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
    }
    if constexpr (TENSOR) {
#pragma unroll
        for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
#pragma unroll
                for (int r = 0; r < 4; r++)
                    store(p, m0 + wm + i * 16 + group + r / 2 * 8, n0 + wn + j * 8 + place * 2 + r % 2, acc[i][j][r]);
    } else {
#pragma unroll
        for (int i = 0; i < TM; i++)
#pragma unroll
            for (int j = 0; j < TN; j++)
                store(p, m0 + thread / 8 + 16 * i, n0 + thread % 8 + 8 * j, sums[i][j]);
    }
}

} // namespace conv

// `bias` and `by` may be null. `leaky`: LeakyReLU on the result; `by`: its derivative at `by`.
#define CONV(name, bm, bn, tensor)                                                                                     \
    KERNEL __launch_bounds__(conv::THREADS)                                                                            \
        name(const float *x, const float *w, const float *bias, const float *by, float *y, int n, int h, int width,    \
             int ci, int co, int k, int pad, int oh, int ow, int leaky, float slope) {                                 \
        conv::body<bm, bn, tensor>({x, w, bias, by, y, n, h, width, ci, co, k, pad, oh, ow, leaky, slope});            \
    }

CONV(conv_tf32_128x64, 128, 64, true)
CONV(conv_tf32_64x64, 64, 64, true)
CONV(conv_tf32_64x8, 64, 8, true)
CONV(conv_f32_64x64, 64, 64, false)
CONV(conv_f32_64x8, 64, 8, false)

namespace packing {

constexpr int ENTRIES = 64;  // of a table
constexpr int VALUES = 1024; // of a filter that a block packs

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

// Weights [co, ci, k, k] as [co, k, k, ci], for the convolution; and for its input gradient as those of the convolution that it
// is: [ci, k, k, co], the taps in opposite order.
KERNEL conv_pack(const packing::Table table, int entries) {
    int k = 0;
    while (k + 1 < entries && table.entries[k + 1].first_block <= static_cast<int>(blockIdx.x)) k++;
    const packing::Entry &e = table.entries[k];
    int from = (static_cast<int>(blockIdx.x) - e.first_block) * packing::VALUES, n = e.co * e.ci * e.taps;
    for (int i = from + threadIdx.x; i < from + packing::VALUES && i < n; i += blockDim.x) {
        int inner = i % e.ci, tap = i / e.ci % e.taps, outer = i / e.ci / e.taps;
        e.forward[i] = e.w[(outer * e.ci + inner) * e.taps + tap];
        inner = i % e.co, tap = i / e.co % e.taps, outer = i / e.co / e.taps;
        e.backward[i] = e.w[(inner * e.ci + outer) * e.taps + e.taps - 1 - tap];
    }
}
