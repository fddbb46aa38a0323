// Adam in place for many parameters in one launch, with one or several steps that use the same gradient.
#include "common.cuh"

namespace optimizer {

constexpr int ENTRIES = 64;  // number of entries of a table
constexpr int VALUES = 1024; // number of values that a block updates

struct Entry {
    float *parameter;
    float *moments; // [2, n]
    const float *gradient;
    const float *steps; // [count, 2]: learning rate over first bias correction, root of the second one
    int n, count;
    long long first_block;
};

struct Table {
    Entry entries[ENTRIES];
};

} // namespace optimizer

KERNEL adam(const optimizer::Table table, int entries, float one_minus_beta1, float beta2, float one_minus_beta2) {
    int k = 0;
    while (k + 1 < entries && table.entries[k + 1].first_block <= blockIdx.x) k++;
    const optimizer::Entry &e = table.entries[k];
    int from = (blockIdx.x - static_cast<int>(e.first_block)) * optimizer::VALUES;
    for (int i = from + threadIdx.x; i < from + optimizer::VALUES && i < e.n; i += blockDim.x) {
        float p = e.parameter[i], m = e.moments[i], v = e.moments[static_cast<long long>(e.n) + i], g = e.gradient[i];
        for (int s = 0; s < e.count; s++) {
            m += (g - m) * one_minus_beta1;
            v = v * beta2 + g * g * one_minus_beta2;
            p -= e.steps[2 * s] * (m / (sqrtf(v) / e.steps[2 * s + 1] + 1e-8f));
        }
        e.parameter[i] = p;
        e.moments[i] = m;
        e.moments[static_cast<long long>(e.n) + i] = v;
    }
}
