// Functions shared by all kernels, and those that differ between a GPU and the emulation on the CPU
// (emulated.h).
#pragma once

#ifdef __CUDACC__

#include <cstdint>
#define KERNEL extern "C" __global__ void
#define DYNAMIC_SHARED(name) extern __shared__ __align__(16) float name[]

// Asynchronous copies of 16 or 4 bytes to shared memory; zeros are written if `there` is false. The "memory"
// clobber keeps the compiler from moving reads of the data to before the wait.
__device__ __forceinline__ void copy16(float *to, const float *from, bool there) {
    unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(address), "l"(from), "r"(there ? 16 : 0)
                 : "memory");
}
__device__ __forceinline__ void copy4(float *to, const float *from, bool there) {
    unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(address), "l"(from), "r"(there ? 4 : 0)
                 : "memory");
}
__device__ __forceinline__ void copy_commit() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }
template <int PENDING> __device__ __forceinline__ void copy_wait() {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(PENDING) : "memory");
}

__device__ __forceinline__ double warp_sum(double v) {
    for (int step = 16; step > 0; step /= 2) v += __shfl_xor_sync(0xffffffffu, v, step);
    return v;
}

// Rounds to TF32: 10 bits of mantissa, to the nearest value.
__device__ __forceinline__ unsigned tf32(float v) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(bits) : "f"(v));
    return bits;
}
__device__ __forceinline__ float to_tf32(float v) { return __uint_as_float(tf32(v)); }

// acc[i][j] += a[i] * b[j], where a[i] has 16 x 8 and b[j] 8 x 8 values, distributed over a warp as
// mma.m16n8k8 requires. The factors must already be rounded to TF32, because the instruction truncates the
// other bits.
template <int MT, int NT>
__device__ __forceinline__ void multiply(float (&acc)[MT][NT][4], const float (&a)[MT][4], const float (&b)[NT][2]) {
#pragma unroll
    for (int i = 0; i < MT; i++)
#pragma unroll
        for (int j = 0; j < NT; j++)
            asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                         "{%0,%1,%2,%3};\n"
                         : "+f"(acc[i][j][0]), "+f"(acc[i][j][1]), "+f"(acc[i][j][2]), "+f"(acc[i][j][3])
                         : "r"(__float_as_uint(a[i][0])), "r"(__float_as_uint(a[i][1])), "r"(__float_as_uint(a[i][2])),
                           "r"(__float_as_uint(a[i][3])), "r"(__float_as_uint(b[j][0])), "r"(__float_as_uint(b[j][1])));
}

#else

#include "emulated.h"
#define KERNEL static void
#define DYNAMIC_SHARED(name) float *name = reinterpret_cast<float *>(host::machine.shared.data())

static inline void copy16(float *to, const float *from, bool there) {
    if (reinterpret_cast<uintptr_t>(to) % 16 != 0 || reinterpret_cast<uintptr_t>(from) % 16 != 0) abort();
    host::copy_later(to, there ? from : nullptr, 4);
}
static inline void copy4(float *to, const float *from, bool there) { host::copy_later(to, there ? from : nullptr, 1); }
static inline void copy_commit() { host::machine.fibers[host::machine.current].groups++; }
template <int PENDING> static inline void copy_wait() { host::finish_copies(PENDING); }

static inline double warp_sum(double v) {
    for (unsigned step = host::WARP / 2; step > 0; step /= 2) {
        unsigned lane = threadIdx.x % host::WARP;
        host::slots(lane)[0] = v;
        host::wait(host::AT_WARP_BARRIER);
        v += host::slots(lane ^ step)[0];
        host::wait(host::AT_WARP_BARRIER);
    }
    return v;
}

static inline float tf32(float v) {
    if (v != v) return v;
    uint32_t bits;
    memcpy(&bits, &v, 4);
    bits = (bits + 0x1000) & ~0x1fffu;
    memcpy(&v, &bits, 4);
    return v;
}

static inline float to_tf32(float v) { return tf32(v); }

// A factor that is not rounded to TF32 is an error in a kernel: a GPU would truncate it.
static inline double factor(float v) {
    if (tf32(v) != v && v == v) abort();
    return v;
}

template <int MT, int NT>
static void multiply(float (&acc)[MT][NT][4], const float (&a)[MT][4], const float (&b)[NT][2]) {
    static_assert(MT * 4 + NT * 2 <= static_cast<int>(host::SLOTS), "a lane cannot show that much");
    unsigned lane = threadIdx.x % host::WARP, group = lane / 4, place = lane % 4;
    double *mine = host::slots(lane);
    for (int i = 0; i < MT; i++)
        for (int r = 0; r < 4; r++) mine[i * 4 + r] = factor(a[i][r]);
    for (int j = 0; j < NT; j++)
        for (int r = 0; r < 2; r++) mine[MT * 4 + j * 2 + r] = factor(b[j][r]);
    host::wait(host::AT_WARP_BARRIER);
    for (int i = 0; i < MT; i++)
        for (int j = 0; j < NT; j++)
            for (int r = 0; r < 4; r++) {
                unsigned row = group + (r / 2) * 8, column = place * 2 + r % 2;
                float sum = acc[i][j][r];
                for (unsigned k = 0; k < 8; k++) {
                    double left = host::slots(row % 8 * 4 + k % 4)[i * 4 + row / 8 + k / 4 * 2];
                    double right = host::slots(column * 4 + k % 4)[MT * 4 + j * 2 + k / 4];
                    sum += static_cast<float>(left * right);
                }
                acc[i][j][r] = sum;
            }
    host::wait(host::AT_WARP_BARRIER);
}

#endif

// Rounds four adjacent values in shared memory to TF32; returns their previous values.
__device__ __forceinline__ float4 round4(float *at) {
    float4 v = *reinterpret_cast<float4 *>(at);
    *reinterpret_cast<float4 *>(at) = {to_tf32(v.x), to_tf32(v.y), to_tf32(v.z), to_tf32(v.w)};
    return v;
}

// Processes the chunks of a product's inner dimension while the copies of up to CHUNKS - 1 further chunks to
// shared memory are in progress. load(c) requests the copy of chunk c, in order. arrived(c) may change the
// values that this thread requested before other threads read them. use(c) computes with the chunk.
template <int CHUNKS, class Load, class Arrived, class Use>
__device__ __forceinline__ void pipeline(int chunks, Load load, Arrived arrived, Use use) {
    for (int c = 0; c < CHUNKS - 1; c++) {
        if (c < chunks) load(c);
        copy_commit();
    }
    for (int c = 0; c < chunks; c++) {
        copy_wait<CHUNKS - 2>();
        arrived(c);
        __syncthreads();
        if (c + CHUNKS - 1 < chunks) load(c + CHUNKS - 1);
        copy_commit();
        use(c);
    }
}

// The sum over a block of 256 threads in a fixed order; only thread 0 gets the result.
__device__ __forceinline__ double block_sum(double v) {
    __shared__ double partial[8];
    v = warp_sum(v);
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = v;
    __syncthreads();
    double sum = 0.0;
    if (threadIdx.x == 0)
        for (int i = 0; i < 8; i++) sum += partial[i];
    __syncthreads();
    return sum;
}
