//! A k-d tree, whose nodes are halved along their widest coordinate, and a best-first search in it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::subspace::{DIMENSIONS, Point};

/// The largest number of points in a leaf.
const LEAF: usize = 64;

/// A tree over numbered points.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The points, ordered such that the points of each leaf are contiguous.
    points: Vec<Point>,
    /// The number of each element of `points`.
    numbers: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Node {
    /// Lower corner of the smallest box around the points of the node.
    low: Point,
    /// Upper corner of that box.
    high: Point,
    /// Index of the node's first point in [`Tree::points`].
    start: usize,
    /// Index after the node's last point.
    end: usize,
    /// Indices of the two halves; `None` in a leaf.
    children: Option<(usize, usize)>,
}

impl Tree {
    /// A tree of current least one point. The points are numbered in the order given.
    pub(super) fn new(points: &[Point]) -> Self {
        let mut numbers: Vec<u32> = (0..points.len() as u32).collect();
        let mut nodes = vec![node(points, &numbers, 0)];
        let mut next = 0;
        while next < nodes.len() {
            let Node { low, high, start, end, .. } = nodes[next].clone();
            let spread = |d: usize| high[d] - low[d];
            let widest = (1..DIMENSIONS).fold(0, |best, d| if spread(d) > spread(best) { d } else { best });
            if end - start > LEAF && spread(widest) > 0.0 {
                let middle = (end - start) / 2;
                // Ties are resolved by the number, so that the tree depends on nothing but the points.
                let key = |&n: &u32| (points[n as usize][widest], n);
                numbers[start..end].select_nth_unstable_by(middle, |a, b| {
                    let (a, b) = (key(a), key(b));
                    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
                });
                let middle = start + middle;
                nodes[next].children = Some((nodes.len(), nodes.len() + 1));
                nodes.push(node(points, &numbers[start..middle], start));
                nodes.push(node(points, &numbers[middle..end], middle));
            }
            next += 1;
        }
        Self { nodes, points: numbers.iter().map(|&n| points[n as usize]).collect(), numbers }
    }

    /// Calls `visit` with the number of each point whose squared distance to `point` is at most `limit`,
    /// nearest leaves first. `visit` returns the new limit. The search ends when no point is left or `leaves`
    /// leaves have been examined. `heap` is scratch space.
    pub(super) fn search(
        &self,
        point: &Point,
        mut limit: f32,
        leaves: usize,
        heap: &mut Heap,
        mut visit: impl FnMut(u32) -> f32,
    ) {
        heap.clear();
        heap.push(Reverse((self.nodes[0].bound(point).to_bits(), 0)));
        for _ in 0..leaves {
            let Some(Reverse((bound, mut current))) = heap.pop() else { return };
            if f32::from_bits(bound) > limit {
                return;
            }
            while let Some((left, right)) = self.nodes[current].children {
                let (to_left, to_right) = (self.nodes[left].bound(point), self.nodes[right].bound(point));
                let (near, far, bound) =
                    if to_left <= to_right { (left, right, to_right) } else { (right, left, to_left) };
                if bound <= limit {
                    heap.push(Reverse((bound.to_bits(), far)));
                }
                current = near;
            }
            let Node { start, end, .. } = self.nodes[current];
            for (candidate, &number) in self.points[start..end].iter().zip(&self.numbers[start..end]) {
                if squared(point, candidate) <= limit {
                    limit = visit(number);
                }
            }
        }
    }
}

/// Nodes still to visit, nearest first, each with the bits of its bound: for non-negative floats, the bits as
/// an integer have the same order as the floats.
pub(super) type Heap = BinaryHeap<Reverse<(u32, usize)>>;

/// A leaf that holds the points with these numbers.
fn node(points: &[Point], numbers: &[u32], start: usize) -> Node {
    let (mut low, mut high) = ([f32::INFINITY; DIMENSIONS], [f32::NEG_INFINITY; DIMENSIONS]);
    for &number in numbers {
        for (d, &value) in points[number as usize].iter().enumerate() {
            low[d] = low[d].min(value);
            high[d] = high[d].max(value);
        }
    }
    Node { low, high, start, end: start + numbers.len(), children: None }
}

impl Node {
    /// Squared distance from a point to the node's box, 0 inside it.
    fn bound(&self, point: &Point) -> f32 {
        let outside: Point =
            std::array::from_fn(|d| (self.low[d] - point[d]).max(point[d] - self.high[d]).max(0.0));
        lanes(outside)
    }
}

/// Squared distance of two points.
fn squared(a: &Point, b: &Point) -> f32 {
    lanes(std::array::from_fn(|d| a[d] - b[d]))
}

/// Sum of squares, added in four lanes so that the compiler can vectorise it.
fn lanes(values: Point) -> f32 {
    let mut sums = [0.0f32; 4];
    for chunk in values.chunks_exact(4) {
        for lane in 0..4 {
            sums[lane] += chunk[lane] * chunk[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}
