// Runs CUDA kernels on the CPU, one block after the other, for tests on machines without a GPU.
//
// Every thread of a block is a fiber with a stack of its own. A fiber that reaches a barrier yields to the
// next one; when all have reached it, all continue. This is slow but exact: the result is that of the
// kernel's source, index by index. Errors that appear on a GPU only occasionally are made reproducible: the
// order of threads is ascending in one block and descending in the next, and asynchronous copies are executed
// only when their thread waits for them.
#pragma once
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __shared__ static thread_local

using std::min;

struct Dim3 {
    unsigned x, y, z;
};
struct float2 {
    float x, y;
};
struct float4 {
    float x, y, z, w;
};
static thread_local Dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace host {

constexpr size_t STACK = 64 * 1024;
constexpr unsigned WARP = 32;
constexpr unsigned SLOTS = 64; // numbers that a lane can share with its warp at once
constexpr size_t SHARED = 256 * 1024;

enum State { READY, AT_BLOCK_BARRIER, AT_WARP_BARRIER, DONE };

// A requested copy to shared memory that has not been waited for; `from` is null if zeros are to be written.
struct Copy {
    float *to;
    const float *from;
    int count;
    unsigned group;
};

struct Fiber {
    State state;
    bool begun;
    unsigned groups;
    std::vector<Copy> copies;
    ucontext_t context;
    jmp_buf point;
};

struct Machine {
    std::vector<Fiber> fibers;
    std::vector<char> stacks;
    std::vector<double> shown;
    std::vector<char> shared;
    jmp_buf scheduler;
    unsigned current = 0;
    void (*body)(void **) = nullptr;
    void **arguments = nullptr;
};

static thread_local Machine machine;

static void fiber() {
    machine.body(machine.arguments);
    machine.fibers[machine.current].state = DONE;
    _longjmp(machine.scheduler, 1);
}

// Yields until the scheduler resumes this thread.
__attribute__((noinline)) static void wait(State state) {
    Fiber &self = machine.fibers[machine.current];
    self.state = state;
    if (!_setjmp(self.point)) _longjmp(machine.scheduler, 1);
}

__attribute__((noinline)) static void resume(unsigned index) {
    Fiber &next = machine.fibers[index];
    machine.current = index;
    threadIdx = {index, 0, 0};
    if (_setjmp(machine.scheduler)) return;
    if (next.begun) _longjmp(next.point, 1);
    next.begun = true;
    setcontext(&next.context);
}

// Makes threads ready whose whole warp waits at a warp barrier, or else all threads if the whole block waits
// at a block barrier.
static bool release(unsigned threads) {
    bool released = false;
    for (unsigned warp = 0; warp < threads; warp += WARP) {
        bool together = false, all = true;
        for (unsigned i = warp; i < threads && i < warp + WARP; i++) {
            together |= machine.fibers[i].state == AT_WARP_BARRIER;
            all &= machine.fibers[i].state == AT_WARP_BARRIER;
        }
        if (!together || !all) continue;
        for (unsigned i = warp; i < threads && i < warp + WARP; i++) machine.fibers[i].state = READY;
        released = true;
    }
    if (released) return true;
    unsigned waiting = 0, done = 0;
    for (unsigned i = 0; i < threads; i++) {
        waiting += machine.fibers[i].state == AT_BLOCK_BARRIER;
        done += machine.fibers[i].state == DONE;
    }
    if (done == threads) return false;
    if (waiting + done != threads || done > 0) {
        fprintf(stderr, "a barrier that not all threads of the block come to\n");
        abort();
    }
    for (unsigned i = 0; i < threads; i++) machine.fibers[i].state = READY;
    return true;
}

static void run_block(unsigned threads, size_t shared) {
    memset(machine.shared.data(), 0xff, shared);
    for (unsigned i = 0; i < threads; i++) {
        Fiber &f = machine.fibers[i];
        f.state = READY;
        f.begun = false;
        f.groups = 0;
        f.copies.clear();
        getcontext(&f.context);
        f.context.uc_stack.ss_sp = machine.stacks.data() + i * STACK;
        f.context.uc_stack.ss_size = STACK;
        f.context.uc_link = nullptr;
        makecontext(&f.context, fiber, 0);
    }
    bool backwards = (blockIdx.x + blockIdx.y + blockIdx.z) % 2 == 1;
    do {
        for (unsigned k = 0; k < threads; k++) {
            unsigned i = backwards ? threads - 1 - k : k;
            if (machine.fibers[i].state == READY) resume(i);
        }
    } while (release(threads));
}

static void launch(void (*body)(void **), const unsigned grid[3], unsigned threads, size_t shared, void **arguments) {
    machine.body = body;
    machine.arguments = arguments;
    if (machine.fibers.size() < threads) {
        machine.fibers.resize(threads);
        machine.stacks.resize(threads * STACK);
        machine.shown.resize(threads * SLOTS);
    }
    machine.shared.resize(SHARED);
    // The pattern (NaN) reveals reads of shared memory that was not written, and writes beyond the requested
    // size.
    memset(machine.shared.data(), 0xff, SHARED);
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {threads, 1, 1};
    for (unsigned z = 0; z < grid[2]; z++)
        for (unsigned y = 0; y < grid[1]; y++)
            for (unsigned x = 0; x < grid[0]; x++) {
                blockIdx = {x, y, z};
                run_block(threads, shared);
            }
    for (size_t i = shared; i < SHARED; i++)
        if (machine.shared[i] != static_cast<char>(0xff)) {
            fprintf(stderr, "shared memory behind the %zu bytes asked for was written to\n", shared);
            abort();
        }
}

static void copy_later(float *to, const float *from, int count) {
    Fiber &self = machine.fibers[machine.current];
    self.copies.push_back({to, from, count, self.groups});
}

// Executes the copies of all groups except the last `pending`.
static void finish_copies(unsigned pending) {
    Fiber &self = machine.fibers[machine.current];
    size_t left = 0;
    for (const Copy &copy : self.copies) {
        if (copy.group + pending >= self.groups) {
            self.copies[left++] = copy;
            continue;
        }
        for (int i = 0; i < copy.count; i++) copy.to[i] = copy.from ? copy.from[i] : 0.f;
    }
    self.copies.resize(left);
}

static double *slots(unsigned lane) {
    return &machine.shown[(machine.current / WARP * WARP + lane) * SLOTS];
}

template <class... A, size_t... I>
static void unpack(void (*kernel)(A...), void **arguments, std::index_sequence<I...>) {
    kernel(*static_cast<A *>(arguments[I])...);
}

template <auto KERNEL_FUNCTION> struct Call;
template <class... A, void (*F)(A...)> struct Call<F> {
    static void body(void **arguments) { unpack(F, arguments, std::index_sequence_for<A...>{}); }
};

} // namespace host

static inline void __syncthreads() { host::wait(host::AT_BLOCK_BARRIER); }
