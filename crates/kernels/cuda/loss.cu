// Sums, and losses with their gradients. A sum takes two launches: each block adds its share in f64 and
// stores the partial sum, then one block adds the partial sums. There are no atomic operations, so the order
// is always the same.
#include "common.cuh"

namespace loss {

// Adds up f(i) over this block's share of `count` indices, which are divided in the same way for every
// sample.
template <class F> __device__ __forceinline__ double share(long long count, F f) {
    long long each = (count + gridDim.x - 1) / gridDim.x, from = blockIdx.x * each;
    long long to = from + each < count ? from + each : count;
    double sum = 0.0;
    for (long long i = from + threadIdx.x; i < to; i += blockDim.x) sum += f(i);
    return block_sum(sum);
}

__device__ __forceinline__ void keep(double *part, double sum) {
    if (threadIdx.x == 0) part[blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

} // namespace loss

// out[i] = scale * sum(part[i]) over `parts` partial sums; one block for each i.
KERNEL sum_parts(const double *part, float *out, int parts, double scale) {
    double sum = 0.0;
    for (int i = threadIdx.x; i < parts; i += blockDim.x) sum += part[blockIdx.x * parts + i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) out[blockIdx.x] = static_cast<float>(sum * scale);
}

// Grid: share of a sample; sample.
KERNEL sample_sums(const float *x, double *part, long long each) {
    const float *sample = x + blockIdx.y * each;
    loss::keep(part, loss::share(each, [&](long long i) { return static_cast<double>(sample[i]); }));
}

KERNEL mse(const float *y, const float *target, float *grad, double *part, long long n, float scale) {
    loss::keep(part, loss::share(n, [&](long long i) {
        float d = y[i] - target[i];
        grad[i] = scale * d;
        return static_cast<double>(d) * d;
    }));
}

// The sum of (|g| - 1)^2, where the norm is that of the c channels of a pixel, and its gradient.
KERNEL gradient_penalty(const float *g, float *grad, double *part, long long pixels, int c, float scale) {
    loss::keep(part, loss::share(pixels, [&](long long p) {
        const float *v = g + p * c;
        float squares = 0.f;
        for (int i = 0; i < c; i++) squares += v[i] * v[i];
        float norm = sqrtf(squares), factor = norm > 0.f ? scale * (norm - 1.f) / norm : 0.f;
        for (int i = 0; i < c; i++) grad[p * c + i] = factor * v[i];
        return static_cast<double>(norm - 1.f) * (norm - 1.f);
    }));
}

KERNEL prelu_slope_grad(const float *z, const float *a, const float *b, double *part, long long n) {
    loss::keep(part, loss::share(n, [&](long long i) {
        return z[i] <= 0.f ? static_cast<double>(a[i]) * b[i] : 0.0;
    }));
}
