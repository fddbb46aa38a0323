// Counter-based normal noise: the same numbers as on the CPU (philox.rs of the crate cpu). Each thread
// computes a group of four channels of a pixel.
#include "common.cuh"

namespace noise {

__device__ __forceinline__ void round(uint32_t (&c)[4], uint32_t k0, uint32_t k1) {
    uint64_t a = static_cast<uint64_t>(0xD2511F53u) * c[0], b = static_cast<uint64_t>(0xCD9E8D57u) * c[2];
    uint32_t next[4] = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(b),
                        static_cast<uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(a)};
    for (int i = 0; i < 4; i++) c[i] = next[i];
}

__device__ __forceinline__ float bits_to_float(uint32_t bits) {
    float v;
    memcpy(&v, &bits, 4);
    return v;
}

__device__ __forceinline__ uint32_t float_to_bits(float v) {
    uint32_t bits;
    memcpy(&bits, &v, 4);
    return bits;
}

__device__ __forceinline__ float ln(float x) {
    uint32_t bits = float_to_bits(x), shifted = bits - 0x3f3504f3u;
    int exponent = static_cast<int>(shifted) >> 23;
    float m = bits_to_float(bits - (static_cast<uint32_t>(exponent) << 23));
    float s = (m - 1.f) / (m + 1.f), z = s * s;
    float series = 0.6666667f + z * (0.4f + z * (0.2857143f + z * (0.22222222f + z * 0.18181818f)));
    return static_cast<float>(exponent) * 0.693147180559945309f + (s * 2.f + s * z * series);
}

__device__ __forceinline__ void sin_cos_turn(float turn, float &sine, float &cosine) {
    int quadrant = static_cast<int>(turn * 4.f + 0.5f);
    float angle = (turn - static_cast<float>(quadrant) * 0.25f) * 6.28318530717958647692f, z = angle * angle;
    float s = angle + angle * z * (-1.6666667e-1f + z * (8.333333e-3f + z * (-1.984127e-4f + z * 2.755732e-6f)));
    float c = 1.f + z * (-0.5f + z * (4.1666668e-2f + z * (-1.3888889e-3f + z * (2.4801587e-5f - z * 2.755732e-7f))));
    bool swap = quadrant & 1;
    sine = swap ? c : s;
    cosine = swap ? s : c;
    if (quadrant & 2) sine = -sine;
    if ((quadrant + 1) & 2) cosine = -cosine;
}

__device__ __forceinline__ void box_muller(uint32_t a, uint32_t b, float &x, float &y) {
    float u = (static_cast<float>(a >> 9) + 0.5f) * (1.f / 8388608.f), radius = sqrtf(-2.f * ln(u)), s, c;
    sin_cos_turn(static_cast<float>(b >> 8) * (1.f / 16777216.f), s, c);
    x = radius * c;
    y = radius * s;
}

} // namespace noise

KERNEL fill_normal(float *out, long long pixels, int w, int c, int row0, int column0, unsigned iteration, unsigned k0,
                   unsigned k1) {
    int groups = (c + 3) / 4;
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= pixels * groups) return;
    long long pixel = i / groups;
    uint32_t group = static_cast<uint32_t>(i % groups);
    uint32_t counter[4] = {static_cast<uint32_t>(column0) + static_cast<uint32_t>(pixel % w),
                           static_cast<uint32_t>(row0) + static_cast<uint32_t>(pixel / w), group, iteration};
    for (int r = 0; r < 10; r++) {
        noise::round(counter, k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    float v[4];
    noise::box_muller(counter[0], counter[1], v[0], v[1]);
    noise::box_muller(counter[2], counter[3], v[2], v[3]);
    for (int k = 0; k < 4; k++)
        if (group * 4 + k < static_cast<uint32_t>(c)) out[pixel * c + group * 4 + k] = v[k];
}
