// All kernels compiled for the CPU, callable by name (see emulated.h).
#include "adam.cu"
#include "conv.cu"
#include "conv3x3.cu"
#include "loss.cu"
#include "noise.cu"
#include "norm.cu"
#include "pointwise.cu"
#include "resize.cu"
#include "weight_grad.cu"
#include "weight_grad3x3.cu"

namespace {

struct Entry {
    const char *name;
    void (*body)(void **);
};

#define ENTRY(name) {#name, host::Call<name>::body}
const Entry ENTRIES[] = {
    ENTRY(adam),
    ENTRY(conv_tf32_128x64),
    ENTRY(conv_tf32_64x64),
    ENTRY(conv_tf32_64x8),
    ENTRY(conv_f32_64x64),
    ENTRY(conv_f32_64x8),
    ENTRY(conv3x3_tf32_16x16x64),
    ENTRY(conv3x3_tf32_8x16x64),
    ENTRY(conv3x3_tf32_8x8x64),
    ENTRY(conv3x3_tf32_8x8x32),
    ENTRY(conv3x3_tf32_8x8x8),
    ENTRY(conv_pack),
    ENTRY(conv_weight_grad_tf32),
    ENTRY(conv_weight_grad_f32),
    ENTRY(conv_weight_grad_sum),
    ENTRY(weight_grad3x3_64x64),
    ENTRY(weight_grad3x3_64x8),
    ENTRY(weight_grad3x3_16x64),
    ENTRY(sum_parts),
    ENTRY(sample_sums),
    ENTRY(mse),
    ENTRY(gradient_penalty),
    ENTRY(prelu_slope_grad),
    ENTRY(fill_normal),
    ENTRY(norm_sums),
    ENTRY(norm_finish_mean),
    ENTRY(norm_squares),
    ENTRY(norm_finish_deviation),
    ENTRY(norm_apply),
    ENTRY(norm_grad_sums),
    ENTRY(norm_grad_finish),
    ENTRY(norm_grad),
    ENTRY(activate),
    ENTRY(activation_grad),
    ENTRY(negative_product),
    ENTRY(prelu),
    ENTRY(prelu_grad),
    ENTRY(mix),
    ENTRY(constant),
    ENTRY(pad),
    ENTRY(crop),
    ENTRY(bicubic),
    ENTRY(bicubic_grad_rows),
    ENTRY(bicubic_grad_columns),
};

} // namespace

extern "C" int kernels_emulated_launch(const char *name, const unsigned *blocks, unsigned threads, size_t shared,
                                    void **arguments) {
    for (const Entry &entry : ENTRIES)
        if (strcmp(entry.name, name) == 0) {
            host::launch(entry.body, blocks, threads, shared, arguments);
            return 1;
        }
    return 0;
}
