//! Weight gradients as launches: all that take the same kernel in one, then all sums of their parts in one.

use super::choice::{self, WeightGradKernel};
use super::{Arg, Buffer, DeviceOp, Grid, Operand, Queue, int};
use crate::conv::{WeightGrad, weight_grad_shape};
use crate::cpu::ConvShape;
use crate::weight_grads::Together;
use candle_core::{Result, Shape, bail};

/// As in `weight_grad.cuh`: entries of a table, and words of eight bytes of an entry.
const ENTRIES: usize = 32;
const WORDS: usize = 14;

/// A weight gradient that is wanted.
struct Job<'a> {
    first: (&'a Operand<'a>, &'a Operand<'a>),
    second: Option<(&'a Operand<'a>, &'a Operand<'a>)>,
    k: usize,
    pad: usize,
}

/// The same with its shapes checked: of all pictures (of the first pair `first`), and which kernel computes it.
struct Plan {
    shape: ConvShape,
    first: usize,
    oh: usize,
    ow: usize,
    kernel: &'static WeightGradKernel,
    /// Parts of a picture's sum, and pixels of a part.
    splits: (usize, usize),
    /// Where its result begins.
    out: usize,
}

impl DeviceOp for WeightGrad {
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let [x, g] = operands else { bail!("conv2d_weight_grad takes two operands") };
        weight_grads(queue, &[Job { first: (x, g), second: None, k: self.k, pad: self.pad }])
    }
}

impl DeviceOp for Together<'_> {
    fn launch(&self, queue: &Queue<'_>, _first: &[Operand<'_>]) -> Result<(Buffer, Shape)> {
        let mut all = Vec::with_capacity(self.0.len());
        for of in self.0 {
            let second = match &of.second {
                Some((x, gy)) => Some((queue.operand(x)?, queue.operand(gy)?)),
                None => None,
            };
            all.push(((queue.operand(&of.x)?, queue.operand(&of.gy)?), second));
        }
        let jobs = self.0.iter().zip(&all).map(|(of, (first, second))| Job {
            first: (&first.0, &first.1),
            second: second.as_ref().map(|s| (&s.0, &s.1)),
            k: of.kernel,
            pad: of.pad,
        });
        weight_grads(queue, &jobs.collect::<Vec<_>>())
    }
}

/// One flat result, of each the weight's gradient and behind it the bias's, which is that of the first pair.
fn weight_grads(queue: &Queue<'_>, jobs: &[Job<'_>]) -> Result<(Buffer, Shape)> {
    let mut plans = Vec::with_capacity(jobs.len());
    let mut len = 0;
    for job in jobs {
        let plan = plan(job, len)?;
        len += plan.values() + plan.shape.co;
        plans.push(plan);
    }
    let out = queue.alloc(len)?;
    for kernel in choice::WEIGHT_GRADS {
        let of_kernel: Vec<usize> =
            (0..jobs.len()).filter(|&k| plans[k].kernel.name == kernel.name).collect();
        for some in of_kernel.chunks(ENTRIES) {
            let sums: Vec<_> = some.iter().map(|&k| plans[k].work()).collect();
            for (&k, splits) in some.iter().zip(choice::splits(&sums)) {
                plans[k].splits = splits;
            }
            let entries: Vec<_> = some.iter().map(|&k| (&jobs[k], &plans[k])).collect();
            launch(queue, kernel, &entries, &out)?;
        }
    }
    Ok((out, Shape::from(len)))
}

fn plan(job: &Job<'_>, out: usize) -> Result<Plan> {
    let Job { first: (x, g), second, k, pad } = *job;
    let mut shape = weight_grad_shape(x.layout, g.layout, k, pad)?;
    let (first, ConvShape { n, h, w, ci, co, .. }) = (shape.n, shape);
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
    // They count the values of both sides, and a pixel's place may lie a border outside.
    int(largest * (h + 2 * k) * (w + 2 * k) * ci)?;
    int(largest * oh * (ow + 2) * co)?;
    let kernel = choice::weight_grad(ci, co, k);
    Ok(Plan { shape, first, oh, ow, kernel, splits: (0, 0), out })
}

impl Plan {
    fn values(&self) -> usize {
        self.shape.k * self.shape.k * self.shape.co * self.shape.ci
    }

    fn parts(&self) -> usize {
        self.shape.n * self.splits.0
    }

    /// Blocks a part.
    fn tiles(&self) -> usize {
        let ConvShape { ci, co, k, .. } = self.shape;
        k * k / self.kernel.taps * co.div_ceil(self.kernel.to) * ci.div_ceil(self.kernel.ti)
    }

    /// Pixels as the kernel counts them, and blocks that go through them.
    fn work(&self) -> (usize, usize) {
        (self.oh * (self.ow + self.kernel.columns), self.shape.n * self.tiles())
    }
}

/// One launch for the parts, one for their sums.
fn launch(
    queue: &Queue<'_>,
    kernel: &WeightGradKernel,
    entries: &[(&Job<'_>, &Plan)],
    out: &Buffer,
) -> Result<()> {
    let room = |p: &Plan| p.parts() * (p.values() + p.shape.co);
    let parts = queue.alloc(entries.iter().map(|(_, p)| room(p)).sum())?;
    let mut table = Vec::with_capacity(WORDS * ENTRIES);
    let (mut part, mut blocks, mut sums, mut flops) = (0, 0, 0, 0);
    for (job, p) in entries {
        let ConvShape { n, h, w, ci, co, k, pad } = p.shape;
        let (x2, g2) = job.second.unwrap_or(job.first);
        table.extend([job.first.0, job.first.1, x2, g2].map(|o| o.pointer));
        let bias_part = part + p.parts() * p.values();
        table.extend(
            [(&parts, part), (&parts, bias_part), (out, p.out)].map(|(b, at)| b.pointer() + 4 * at as u64),
        );
        let (splits, pixels) = p.splits;
        let numbers = [p.first, n, h, w, ci, co, k, pad, p.oh, p.ow, splits, pixels, blocks, sums];
        for pair in numbers.chunks_exact(2) {
            int(pair[0].max(pair[1]))?;
            table.push(pair[0] as u64 | (pair[1] as u64) << 32);
        }
        part += room(p);
        blocks += p.parts() * p.tiles();
        sums += (p.values() + co).div_ceil(SUMS);
        flops += 2 * (n * p.oh * p.ow * p.values()) as u64;
    }
    table.resize(WORDS * ENTRIES, 0);
    let args = [Arg::Words(&table), int(entries.len())?];
    int(blocks)?;
    let grid = Grid { blocks: [blocks as u32, 1, 1], flops, ..kernel.grid() };
    queue.launch((kernel.file, kernel.name), grid, &args)?;
    queue.launch(("weight_grad", "conv_weight_grad_sum"), Grid::blocks([sums, 1, 1]), &args)
}

/// Values that a block of the sums adds: its threads.
const SUMS: usize = 256;
