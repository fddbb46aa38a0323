// Operations that work value by value: activations and their derivatives, mixing of two pictures, constants,
// zero padding and cropping.
#include "common.cuh"

__device__ __forceinline__ long long index() {
    return static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
}

// The argument `kind` of the kernels below is 0 for LeakyReLU, 1 for ELU, 2 for SELU and 3 for tanh.
constexpr float SELU_SCALE = 1.050701f, SELU_ALPHA = 1.6732632f;

KERNEL activate(const float *x, float *y, long long n, int kind, float slope) {
    long long i = index();
    if (i >= n) return;
    float v = x[i];
    switch (kind) {
    case 0: v = v > 0.f ? v : slope * v; break;
    case 1: v = v > 0.f ? v : expm1f(v); break;
    case 2: v = SELU_SCALE * (v > 0.f ? v : SELU_ALPHA * expm1f(v)); break;
    default: v = tanhf(v);
    }
    y[i] = v;
}

// `y` is the output of the activation, which determines its derivative.
KERNEL activation_grad(const float *y, const float *g, float *out, long long n, int kind, float slope) {
    long long i = index();
    if (i >= n) return;
    float v = y[i], d;
    switch (kind) {
    case 0: d = v > 0.f ? 1.f : slope; break;
    case 1: d = v > 0.f ? 1.f : v + 1.f; break;
    case 2: d = v > 0.f ? SELU_SCALE : v + SELU_SCALE * SELU_ALPHA; break;
    default: d = 1.f - v * v;
    }
    out[i] = g[i] * d;
}

KERNEL negative_product(const float *y, const float *a, const float *b, float *out, long long n) {
    long long i = index();
    if (i < n) out[i] = y[i] > 0.f ? 0.f : a[i] * b[i];
}

KERNEL prelu(const float *z, const float *slope, float *out, long long n) {
    long long i = index();
    if (i < n) out[i] = z[i] > 0.f ? z[i] : *slope * z[i];
}

KERNEL prelu_grad(const float *z, const float *g, const float *slope, float *out, long long n) {
    long long i = index();
    if (i < n) out[i] = z[i] > 0.f ? g[i] : *slope * g[i];
}

KERNEL mix(const float *a, const float *b, const float *alpha, float *out, long long n) {
    long long i = index();
    if (i < n) out[i] = *alpha * a[i] + (1.f - *alpha) * b[i];
}

// Fills sample s with the value vs (s = 0, 1, 2); each sample has `each` values.
KERNEL constant(float *out, long long each, long long n, float v0, float v1, float v2) {
    long long i = index();
    if (i < n) out[i] = i < each ? v0 : i < 2 * each ? v1 : v2;
}

// Adds p pixels of zeros on every side of x [N, h, w, c]; n is the number of values of the result.
KERNEL pad(const float *x, float *out, int h, int w, int c, int p, long long n) {
    long long i = index();
    if (i >= n) return;
    long long pixel = i / c;
    int across = static_cast<int>(pixel % (w + 2 * p)) - p, down = static_cast<int>(pixel / (w + 2 * p) % (h + 2 * p)) - p;
    long long sample = pixel / (w + 2 * p) / (h + 2 * p);
    bool inside = across >= 0 && across < w && down >= 0 && down < h;
    out[i] = inside ? x[((sample * h + down) * w + across) * c + i % c] : 0.f;
}

// Removes p pixels on each side of x, which gives [N, h, w, c], and adds `plus` if it is not null.
KERNEL crop(const float *x, const float *plus, float *out, int h, int w, int c, int p, long long n) {
    long long i = index();
    if (i >= n) return;
    long long pixel = i / c, sample = pixel / w / h, down = pixel / w % h + p, across = pixel % w + p;
    float v = x[((sample * (h + 2 * p) + down) * (w + 2 * p) + across) * c + i % c];
    out[i] = plus ? v + plus[i] : v;
}
