// Normalisation of each sample by its own statistics. In the sums per channel, each block of 256 threads
// processes a share of the pixels and 64 channels, and each of its threads every fourth pixel of one channel.
// The norm_*finish* kernels add the partial sums.
#include "common.cuh"

namespace batch_norm {

// Writes to part[sample][share][2][c] the sums of f(pixel, channel) over this block's share. Grid: share;
// sample; group of 64 channels.
template <class F>
__device__ __forceinline__ void channel_sums(double *part, int pixels, int c, F f) {
    __shared__ double lanes[2][256];
    int channel = blockIdx.z * 64 + threadIdx.x % 64, lane = threadIdx.x / 64;
    int each = (pixels + gridDim.x - 1) / gridDim.x, from = blockIdx.x * each, to = min(from + each, pixels);
    double a = 0.0, b = 0.0;
    if (channel < c)
        for (int p = from + lane; p < to; p += 4) f(p, channel, a, b);
    lanes[0][threadIdx.x] = a;
    lanes[1][threadIdx.x] = b;
    __syncthreads();
    if (threadIdx.x >= 64 || channel >= c) return;
    double *to_part = part + (static_cast<long long>(blockIdx.y) * gridDim.x + blockIdx.x) * 2 * c + channel;
    for (int k = 0; k < 2; k++) {
        double sum = 0.0;
        for (int l = 0; l < 4; l++) sum += lanes[k][l * 64 + threadIdx.x];
        to_part[k * c] = sum;
    }
}

__device__ __forceinline__ double total(const double *part, int sample, int shares, int c, int k, int channel) {
    double sum = 0.0;
    for (int s = 0; s < shares; s++) sum += part[((static_cast<long long>(sample) * shares + s) * 2 + k) * c + channel];
    return sum;
}

} // namespace batch_norm

KERNEL norm_sums(const float *z, double *part, int pixels, int c) {
    const float *sample = z + static_cast<long long>(blockIdx.y) * pixels * c;
    batch_norm::channel_sums(part, pixels, c, [&](int p, int ch, double &a, double &b) {
        a += sample[static_cast<long long>(p) * c + ch];
    });
}

// stats [N, 3, C] holds mean, inverse standard deviation and weight; `means` holds the mean in f64. One block
// for each sample.
KERNEL norm_finish_mean(const double *part, double *means, float *stats, int shares, int pixels, int c) {
    for (int ch = threadIdx.x; ch < c; ch += blockDim.x) {
        double mean = batch_norm::total(part, blockIdx.x, shares, c, 0, ch) / pixels;
        means[blockIdx.x * c + ch] = mean;
        stats[blockIdx.x * 3 * c + ch] = static_cast<float>(mean);
    }
}

KERNEL norm_squares(const float *z, const double *means, double *part, int pixels, int c) {
    const float *sample = z + static_cast<long long>(blockIdx.y) * pixels * c;
    batch_norm::channel_sums(part, pixels, c, [&](int p, int ch, double &a, double &b) {
        double d = sample[static_cast<long long>(p) * c + ch] - means[blockIdx.y * c + ch];
        a += d * d;
    });
}

KERNEL norm_finish_deviation(const double *part, const float *weight, float *stats, int shares, int pixels, int c) {
    for (int ch = threadIdx.x; ch < c; ch += blockDim.x) {
        double variance = batch_norm::total(part, blockIdx.x, shares, c, 0, ch) / pixels;
        float *of_sample = stats + blockIdx.x * 3 * c;
        of_sample[c + ch] = static_cast<float>(1.0 / sqrt(variance + 1e-5));
        of_sample[2 * c + ch] = weight[ch];
    }
}

KERNEL norm_apply(const float *z, const float *stats, const float *bias, float *out, long long each, long long n, int c) {
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const float *s = stats + i / each * 3 * c;
    int ch = static_cast<int>(i % c);
    out[i] = (z[i] - s[ch]) * s[c + ch] * s[2 * c + ch] + bias[ch];
}

KERNEL norm_grad_sums(const float *z, const float *stats, const float *g, double *part, int pixels, int c) {
    long long first = static_cast<long long>(blockIdx.y) * pixels * c;
    const float *s = stats + blockIdx.y * 3 * c;
    batch_norm::channel_sums(part, pixels, c, [&](int p, int ch, double &a, double &b) {
        long long at = first + static_cast<long long>(p) * c + ch;
        float hat = (z[at] - s[ch]) * s[c + ch];
        a += static_cast<double>(g[at]) * hat;
        b += g[at];
    });
}

// Computes sums [N, 2, C] as means over the pixels, and the gradients of weight and bias. One block.
KERNEL norm_grad_finish(const double *part, float *sums, float *weight_grad, float *bias_grad, int n, int shares,
                        int pixels, int c) {
    for (int ch = threadIdx.x; ch < c; ch += blockDim.x) {
        double of_weight = 0.0, of_bias = 0.0;
        for (int sample = 0; sample < n; sample++) {
            double a = batch_norm::total(part, sample, shares, c, 0, ch), b = batch_norm::total(part, sample, shares, c, 1, ch);
            sums[(sample * 2) * c + ch] = static_cast<float>(a / pixels);
            sums[(sample * 2 + 1) * c + ch] = static_cast<float>(b / pixels);
            of_weight += a;
            of_bias += b;
        }
        weight_grad[ch] = static_cast<float>(of_weight);
        bias_grad[ch] = static_cast<float>(of_bias);
    }
}

KERNEL norm_grad(const float *z, const float *stats, const float *g, const float *sums, float *out, long long each,
                 long long n, int c) {
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= n) return;
    long long sample = i / each;
    const float *s = stats + sample * 3 * c, *m = sums + sample * 2 * c;
    int ch = static_cast<int>(i % c);
    float hat = (z[i] - s[ch]) * s[c + ch];
    out[i] = s[2 * c + ch] * s[c + ch] * (g[i] - m[c + ch] - hat * m[ch]);
}
