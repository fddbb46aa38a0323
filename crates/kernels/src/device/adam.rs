//! Adam for many parameters in one launch.

use super::{Arg, Grid, Queue, int};
use crate::adam::{AdamUpdate, Decay, check};
use candle_core::Result;

/// As in `adam.cu`.
const ENTRIES: usize = 64;
const VALUES: usize = 1024;

/// Updates the parameters, [`ENTRIES`] of them a launch.
pub(crate) fn launch(queue: &Queue<'_>, updates: &[AdamUpdate<'_>], decay: Decay) -> Result<()> {
    let factors = decay.factors();
    for updates in updates.chunks(ENTRIES) {
        // The table as `adam.cu` lays it out, in words of eight bytes.
        let mut table = Vec::with_capacity(6 * ENTRIES);
        let mut blocks = 0;
        for AdamUpdate { parameter, moments, gradient, steps } in updates {
            let n = parameter.elem_count();
            check(moments.elem_count(), gradient.elem_count(), gradient.layout())?;
            check(2 * n, gradient.elem_count(), parameter.layout())?;
            for tensor in [parameter, moments, gradient, steps] {
                table.push(queue.operand(tensor)?.pointer);
            }
            int(n)?;
            table.push(n as u64 | ((steps.elem_count() / 2) as u64) << 32);
            table.push(blocks as u64);
            blocks += n.div_ceil(VALUES);
        }
        let entries = int(updates.len())?;
        table.resize(6 * ENTRIES, 0);
        let numbers = [factors.one_minus_beta1, factors.beta2, factors.one_minus_beta2].map(Arg::F32);
        let table = Arg::Table { words: &table, entry: 6, addresses: 4 };
        let args = [vec![table, entries], numbers.to_vec()].concat();
        queue.launch(("adam", "adam"), Grid::blocks([blocks, 1, 1]), &args)?;
    }
    Ok(())
}
