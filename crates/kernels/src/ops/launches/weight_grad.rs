//! Launches of weight gradients. All gradients computed by the same kernel share a launch; a last launch adds
//! the partial sums of all.

use super::choice::{self, WeightGradKernel};
use crate::gpu::{Arg, Buffer, DeviceOp, Grid, Kernel, Operand, Queue, int};
use crate::ops::conv::{Conv2d, WeightGrad, weight_grad_shape};
use crate::ops::weight_grads::Together;
use candle_core::{Result, Shape, bail};
use cpu::ConvShape;

/// Entries of a table, and words of eight bytes in an entry; must match `weight_grad.cuh`.
const ENTRIES: usize = 32;
const WORDS: usize = 14;

/// One requested weight gradient.
struct Job<'a> {
    first: (&'a Operand<'a>, &'a Operand<'a>),
    second: Option<(&'a Operand<'a>, &'a Operand<'a>)>,
    k: usize,
    conv: Conv2d,
}

/// How a [`Job`] is computed: its checked shape with the pictures of both pairs, and its kernel.
struct Plan {
    shape: ConvShape,
    /// Number of pictures in the first pair.
    first_pair: usize,
    oh: usize,
    ow: usize,
    kernel: &'static WeightGradKernel,
    /// The number of parts into which the sum over a picture is split, and the pixels in each.
    splits: (usize, usize),
}

impl DeviceOp for WeightGrad {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let [x, g] = operands else { bail!("conv2d_weight_grad takes two operands") };
        weight_grads(queue, &[Job { first: (x, g), second: None, k: self.k, conv: self.conv }])
    }
}

impl DeviceOp for Together<'_> {
    fn launch(&self, queue: &Queue<'_>, _first: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let mut all = Vec::with_capacity(self.0.len());
        for request in self.0 {
            let second = match &request.second {
                Some((x, gy)) => Some((queue.operand(x)?, queue.operand(gy)?)),
                None => None,
            };
            all.push(((queue.operand(&request.x)?, queue.operand(&request.gy)?), second));
        }
        let jobs = self.0.iter().zip(&all).map(|(request, (first, second))| Job {
            first: (&first.0, &first.1),
            second: second.as_ref().map(|s| (&s.0, &s.1)),
            k: request.kernel,
            conv: request.conv,
        });
        weight_grads(queue, &jobs.collect::<Vec<_>>())
    }
}

/// Computes all jobs into one flat buffer: for each job the gradient of the weight, followed by that of the
/// bias (from the first pair only).
fn weight_grads(queue: &Queue<'_>, jobs: &[Job<'_>]) -> Result<(Buffer, Shape)> {
    let mut plans = jobs.iter().map(plan).collect::<Result<Vec<_>>>()?;
    // Each group becomes one launch: jobs with the same kernel, at most as many as a table holds.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for kernel in choice::WEIGHT_GRADS {
        let all: Vec<usize> = (0..jobs.len()).filter(|&k| plans[k].kernel.name == kernel.name).collect();
        groups.extend(all.chunks(ENTRIES).map(<[usize]>::to_vec));
    }
    for group in &groups {
        let work: Vec<_> = group.iter().map(|&k| plans[k].work()).collect();
        for (&k, splits) in group.iter().zip(choice::splits(&work)) {
            plans[k].splits = splits;
        }
    }
    let len = plans.iter().map(Plan::results).sum();
    let (out, parts) = (queue.alloc(len)?, queue.alloc(plans.iter().map(Plan::room).sum())?);
    let (mut at_out, mut at_part, mut entries) = (out.pointer(), parts.pointer(), Vec::new());
    for (job, plan) in jobs.iter().zip(&plans) {
        entries.push(entry(job, plan, at_part, at_out)?);
        at_out += 4 * plan.results() as u64;
        at_part += 4 * plan.room() as u64;
    }
    for group in &groups {
        let kernel = plans[group[0]].kernel;
        let blocks: Vec<_> = group.iter().map(|&k| plans[k].parts() * plans[k].tiles()).collect();
        let flops = group.iter().map(|&k| plans[k].flops()).sum();
        let entries: Vec<_> = group.iter().map(|&k| entries[k]).collect();
        launch(queue, (kernel.file, kernel.name), Grid { flops, ..kernel.grid() }, &entries, &blocks)?;
    }
    for (entries, plans) in entries.chunks(ENTRIES).zip(plans.chunks(ENTRIES)) {
        let grid = Grid::blocks([1; 3]);
        let blocks: Vec<_> = plans.iter().map(|p| p.results().div_ceil(grid.threads as usize)).collect();
        launch(queue, ("weight_grad", "conv_weight_grad_sum"), grid, entries, &blocks)?;
    }
    Ok((out, Shape::from(len)))
}

fn plan(job: &Job<'_>) -> Result<Plan> {
    let Job { first: (x, g), second, k, conv: Conv2d { pad, precision } } = *job;
    let mut shape = weight_grad_shape(x.layout, g.layout, k, pad)?;
    let (first_pair, ConvShape { n, h, w, ci, co, .. }) = (shape.n, shape);
    let mut largest = n;
    if let Some((x2, g2)) = second {
        let more = weight_grad_shape(x2.layout, g2.layout, k, pad)?;
        if (more.h, more.w, more.ci, more.co) != (h, w, ci, co) {
            bail!("weight_grads: {:?} and {:?} differ in more than the batch", x.layout, x2.layout)
        }
        shape.n += more.n;
        largest = largest.max(more.n);
    }
    let (oh, ow) = (h + 2 * pad + 1 - k, w + 2 * pad + 1 - k);
    // The kernels index the values of both operands with 32 bits, and a pixel may lie up to one border
    // outside the picture.
    int(largest * (h + 2 * k) * (w + 2 * k) * ci)?;
    int(largest * oh * (ow + 2) * co)?;
    let kernel = choice::weight_grad(ci, co, k, precision);
    Ok(Plan { shape, first_pair, oh, ow, kernel, splits: (0, 0) })
}

impl Plan {
    /// The number of values in the weight.
    fn values(&self) -> usize {
        self.shape.k * self.shape.k * self.shape.co * self.shape.ci
    }

    /// The number of values in the gradients of weight and bias.
    fn results(&self) -> usize {
        self.values() + self.shape.co
    }

    /// The number of values in the partial sums of both gradients.
    fn room(&self) -> usize {
        self.parts() * self.results()
    }

    /// Floating-point operations, counting a multiplication and an addition as two.
    fn flops(&self) -> u64 {
        2 * (self.shape.n * self.oh * self.ow * self.values()) as u64
    }

    /// The number of partial sums, over all pictures.
    fn parts(&self) -> usize {
        self.shape.n * self.splits.0
    }

    /// The number of blocks that compute one partial sum.
    fn tiles(&self) -> usize {
        let ConvShape { ci, co, k, .. } = self.shape;
        k * k / self.kernel.taps * co.div_ceil(self.kernel.to) * ci.div_ceil(self.kernel.ti)
    }

    /// The pixels of a picture as the kernel counts them, and the number of blocks that process each of them.
    fn work(&self) -> (usize, usize) {
        (self.oh * (self.ow + self.kernel.columns), self.shape.n * self.tiles())
    }
}

/// A table entry in the layout of `weight_grad.cuh`, in words of eight bytes. The last word, the number of
/// its first block, is filled in by [`launch`].
fn entry(job: &Job<'_>, p: &Plan, part: u64, out: u64) -> Result<[u64; WORDS]> {
    let ConvShape { n, h, w, ci, co, k, pad } = p.shape;
    let (x2, g2) = job.second.unwrap_or(job.first);
    let [x, g, x2, g2] = [job.first.0, job.first.1, x2, g2].map(|o| o.pointer);
    let bias_part = part + 4 * (p.parts() * p.values()) as u64;
    let (splits, pixels) = p.splits;
    let mut words = [x, g, x2, g2, part, bias_part, out, 0, 0, 0, 0, 0, 0, 0];
    let numbers = [p.first_pair, n, h, w, ci, co, k, pad, p.oh, p.ow, splits, pixels];
    for (word, pair) in words[7..].iter_mut().zip(numbers.chunks_exact(2)) {
        int(pair[0].max(pair[1]))?;
        *word = pair[0] as u64 | (pair[1] as u64) << 32;
    }
    Ok(words)
}

/// Launches `kernel` once for all `entries`, where entry `i` gets `blocks[i]` blocks.
fn launch(
    queue: &Queue<'_>,
    kernel: Kernel,
    grid: Grid,
    entries: &[[u64; WORDS]],
    blocks: &[usize],
) -> Result<()> {
    let mut table = Vec::with_capacity(WORDS * ENTRIES);
    let mut first_block = 0;
    for (entry, blocks) in entries.iter().zip(blocks) {
        table.extend(&entry[..WORDS - 1]);
        table.push(first_block as u64);
        first_block += blocks;
    }
    table.resize(WORDS * ENTRIES, 0);
    int(first_block)?;
    let table = Arg::Table { words: &table, entry: WORDS, addresses: 7 };
    let grid = Grid { blocks: [first_block as u32, 1, 1], ..grid };
    queue.launch(kernel, grid, &[table, int(entries.len())?])
}
