// Adam in place, one or several steps along one gradient.
#include "common.cuh"

// moments [2, n]. steps [count, 2]: step size, and root of the second moment's bias correction.
KERNEL adam(float *parameter, float *moments, const float *gradient, const float *steps, int count, long long n,
            float one_minus_beta1, float beta2, float one_minus_beta2) {
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float p = parameter[i], m = moments[i], v = moments[n + i], g = gradient[i];
    for (int s = 0; s < count; s++) {
        m += (g - m) * one_minus_beta1;
        v = v * beta2 + g * g * one_minus_beta2;
        p -= steps[2 * s] * (m / (sqrtf(v) / steps[2 * s + 1] + 1e-8f));
    }
    parameter[i] = p;
    moments[i] = m;
    moments[n + i] = v;
}
