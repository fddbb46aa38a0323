// What both weight gradient kernels share: the bias's gradient, which comes with them.
#pragma once
#include "common.cuh"

namespace weight_grad {

__device__ __forceinline__ void add(float4 &sum, float4 v) {
    sum.x += v.x;
    sum.y += v.y;
    sum.z += v.z;
    sum.w += v.w;
}

// Adds a block's threads' sums, each of four channels of the pixels it has brought, and stores them for the first `left`
// of CHANNELS channels. Thread t has channels t * 4 % CHANNELS and following. `shared` is free to be written when all come here.
template <int CHANNELS>
__device__ __forceinline__ void store_bias(float *shared, float4 sums, float *to, int left) {
    __syncthreads();
    reinterpret_cast<float4 *>(shared)[threadIdx.x] = sums;
    __syncthreads();
    int channel = threadIdx.x;
    if (channel >= CHANNELS || channel >= left) return;
    float sum = 0.f;
    for (int i = channel; i < static_cast<int>(blockDim.x) * 4; i += CHANNELS) sum += shared[i];
    to[channel] = sum;
}

} // namespace weight_grad
