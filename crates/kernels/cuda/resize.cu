// Bicubic resize with aligned corners or for periodic pictures, and its transpose. Positions are computed in
// f64, as on the CPU.
#include "common.cuh"

namespace resize {

struct Taps {
    int at[4];
    float weight[4];
};

__device__ __forceinline__ Taps taps(int i, int n_in, int n_out, int wrapped) {
    const double A = -0.75;
    double scale = wrapped      ? static_cast<double>(n_in) / n_out
                   : n_out == 1 ? 0.0
                                : static_cast<double>(n_in - 1) / (n_out - 1);
    double position = wrapped ? (i + 0.5) * scale - 0.5 : i * scale;
    double whole = floor(position), t = position - whole;
    auto near = [&](double d) { return ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0; };
    auto far = [&](double d) { return ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A; };
    Taps r;
    for (int k = 0; k < 4; k++) {
        int at = static_cast<int>(whole) + k - 1;
        if (wrapped) {
            at %= n_in;
            r.at[k] = at < 0 ? at + n_in : at;
        } else {
            r.at[k] = at < 0 ? 0 : at < n_in ? at : n_in - 1;
        }
    }
    r.weight[0] = static_cast<float>(far(t + 1.0));
    r.weight[1] = static_cast<float>(near(t));
    r.weight[2] = static_cast<float>(near(1.0 - t));
    r.weight[3] = static_cast<float>(far(2.0 - t));
    return r;
}

constexpr int COLUMNS = 32; // number of columns of the result that a block computes

// The range of results to which source `s` can contribute; sets `first` and returns their number.
__device__ __forceinline__ int candidates(int s, int n_in, int n_out, int &first) {
    first = 0;
    if (n_in == 1 || n_out == 1) return n_out;
    double steps = static_cast<double>(n_out - 1) / (n_in - 1);
    int from = static_cast<int>(floor((s - 2) * steps)) - 1, to = static_cast<int>(ceil((s + 2) * steps)) + 1;
    first = from < 0 ? 0 : from;
    return (to < n_out ? to + 1 : n_out) - first;
}

// The sum of weight(i, s) * value(i) over all results i, for a block whose threads all compute it for the
// same source s.
template <class F>
__device__ __forceinline__ float gather(int s, int n_in, int n_out, bool wanted, float start, F value) {
    __shared__ float weights[256];
    int first, count = candidates(s, n_in, n_out, first);
    float sum = start;
    for (int from = 0; from < count; from += 256) {
        int here = count - from < 256 ? count - from : 256;
        float weight = 0.f;
        if (static_cast<int>(threadIdx.x) < here) {
            Taps t = taps(first + from + threadIdx.x, n_in, n_out, 0);
            for (int k = 0; k < 4; k++)
                if (t.at[k] == s) weight += t.weight[k];
        }
        weights[threadIdx.x] = weight;
        __syncthreads();
        if (wanted)
            for (int i = 0; i < here; i++)
                if (weights[i] != 0.f) sum += value(first + from + i) * weights[i];
        __syncthreads();
    }
    return sum;
}

} // namespace resize

// out [N, OH, OW, C] is the resized x [N, H, W, C], plus amp * plus if `plus` is not null. Grid: group of
// columns; row; sample.
KERNEL bicubic(const float *x, const float *plus, float *out, int h, int w, int oh, int ow, int c, int wrap_rows,
               int wrap_columns, float amp) {
    __shared__ resize::Taps columns[resize::COLUMNS];
    __shared__ resize::Taps row;
    int first = blockIdx.x * resize::COLUMNS, count = min(resize::COLUMNS, ow - first);
    if (static_cast<int>(threadIdx.x) < count) columns[threadIdx.x] = resize::taps(first + threadIdx.x, w, ow, wrap_columns);
    if (threadIdx.x == 255) row = resize::taps(blockIdx.y, h, oh, wrap_rows);
    __syncthreads();
    const float *sample = x + static_cast<long long>(blockIdx.z) * h * w * c;
    long long to = ((static_cast<long long>(blockIdx.z) * oh + blockIdx.y) * ow + first) * c;
    for (int i = threadIdx.x; i < count * c; i += blockDim.x) {
        const resize::Taps &column = columns[i / c];
        float v = 0.f;
        for (int k = 0; k < 4; k++) {
            const float *from = sample + static_cast<long long>(column.at[k]) * c + i % c;
            float blended = 0.f;
            for (int r = 0; r < 4; r++) blended += from[static_cast<long long>(row.at[r]) * w * c] * row.weight[r];
            v += blended * column.weight[k];
        }
        out[to + i] = plus ? v + plus[to + i] * amp : v;
    }
}

// The transpose along the vertical axis: out [N, H, OW, C] from g [N, OH, OW, C]. Grid: 256 values of a row;
// row; sample.
KERNEL bicubic_grad_rows(const float *g, float *out, int h, int oh, int row_values) {
    int at = blockIdx.x * 256 + threadIdx.x;
    bool wanted = at < row_values;
    const float *sample = g + static_cast<long long>(blockIdx.z) * oh * row_values + at;
    float v = resize::gather(blockIdx.y, h, oh, wanted, 0.f,
                             [&](int i) { return sample[static_cast<long long>(i) * row_values]; });
    if (wanted) out[(static_cast<long long>(blockIdx.z) * h + blockIdx.y) * row_values + at] = v;
}

// The transpose along the horizontal axis: out [R, W, C] from g [R, OW, C], plus `plus` if it is not null.
// Grid: 256 pairs of row and channel; column.
KERNEL bicubic_grad_columns(const float *g, const float *plus, float *out, int rows, int w, int ow, int c) {
    long long at = static_cast<long long>(blockIdx.x) * 256 + threadIdx.x;
    bool wanted = at < static_cast<long long>(rows) * c;
    long long row = at / c, channel = at % c, to = (row * w + blockIdx.y) * c + channel;
    float v = resize::gather(blockIdx.y, w, ow, wanted, wanted && plus ? plus[to] : 0.f,
                             [&](int i) { return g[(row * ow + i) * c + channel]; });
    if (wanted) out[to] = v;
}
