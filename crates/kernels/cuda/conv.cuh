// Shared by all convolution kernels: their arguments, and the operations on a result before it is stored.
#pragma once
#include "common.cuh"

namespace conv {

struct Arguments {
    const float *x, *w, *bias, *by;
    float *y;
    int n, h, width, ci, co, k, pad, oh, ow, leaky;
    float slope;
};

__device__ __forceinline__ void store(const Arguments &p, int m, int column, float v) {
    if (column >= p.co) return;
    int at = m * p.co + column;
    if (p.bias) v += p.bias[column];
    if (p.leaky) v = v > 0.f ? v : p.slope * v;
    if (p.by) v = p.by[at] > 0.f ? v : p.slope * v;
    p.y[at] = v;
}

// Stores two adjacent columns, of which the first is even.
__device__ __forceinline__ void store_pair(const Arguments &p, int m, int column, float v, float w) {
    if (p.co % 2 == 1) {
        store(p, m, column, v);
        store(p, m, column + 1, w);
        return;
    }
    if (column >= p.co) return;
    int at = m * p.co + column;
    if (p.bias) {
        v += p.bias[column];
        w += p.bias[column + 1];
    }
    if (p.leaky) {
        v = v > 0.f ? v : p.slope * v;
        w = w > 0.f ? w : p.slope * w;
    }
    if (p.by) {
        float2 by = *reinterpret_cast<const float2 *>(p.by + at);
        v = by.x > 0.f ? v : p.slope * v;
        w = by.y > 0.f ? w : p.slope * w;
    }
    *reinterpret_cast<float2 *>(p.y + at) = {v, w};
}

} // namespace conv

// `bias` and `by` may be null. With `leaky`, LeakyReLU is applied to the result; with `by`, the result is
// multiplied by the derivative of LeakyReLU at `by`.
#define CONV(name, threads, ...)                                                                                       \
    KERNEL __launch_bounds__ threads                                                                                   \
        name(const float *x, const float *w, const float *bias, const float *by, float *y, int n, int h, int width,    \
             int ci, int co, int k, int pad, int oh, int ow, int leaky, float slope) {                                 \
        __VA_ARGS__({x, w, bias, by, y, n, h, width, ci, co, k, pad, oh, ow, leaky, slope});                           \
    }
