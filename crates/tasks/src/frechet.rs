//! The Frechet distance of two clouds of feature vectors, each taken as a Gaussian.

/// Mean and covariance (normalised by N - 1) of feature vectors.
#[derive(Clone, Debug)]
pub(crate) struct Gaussian {
    mean: Vec<f64>,
    covariance: Matrix,
}

/// The squared Frechet distance `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`. Both must have the same number of features.
pub(crate) fn frechet(a: &Gaussian, b: &Gaussian) -> f64 {
    let means: f64 = a.mean.iter().zip(&b.mean).map(|(x, y)| (x - y) * (x - y)).sum();
    // S1 S2 has the eigenvalues of S1^(1/2) S2 S1^(1/2), which is symmetric: no complex root can come up.
    let root = a.covariance.root();
    let (values, _) = root.times(&b.covariance).times(&root).symmetrised().eigen();
    let cross: f64 = values.iter().map(|v| v.max(0.0).sqrt()).sum();
    means + a.covariance.trace() + b.covariance.trace() - 2.0 * cross
}

/// Gathers feature vectors one by one, so that they need not be kept.
#[derive(Debug)]
pub(crate) struct Moments {
    count: usize,
    /// The first vector, taken off all: sums of squares of small numbers lose nothing when the mean is taken off.
    origin: Vec<f64>,
    sums: Vec<f64>,
    products: Matrix,
}

impl Moments {
    /// None yet, of `features` values each.
    pub(crate) fn new(features: usize) -> Self {
        let zeros = vec![0.0; features];
        Moments { count: 0, origin: zeros.clone(), sums: zeros, products: Matrix::zeros(features) }
    }

    /// One more vector.
    pub(crate) fn add(&mut self, vector: &[f32]) {
        if self.count == 0 {
            self.origin = vector.iter().map(|&v| f64::from(v)).collect();
        }
        self.count += 1;
        let n = self.sums.len();
        let moved: Vec<f64> = vector.iter().zip(&self.origin).map(|(&v, o)| f64::from(v) - o).collect();
        for (i, &x) in moved.iter().enumerate() {
            self.sums[i] += x;
            for (product, &y) in self.products.values[i * n..].iter_mut().zip(&moved[..=i]) {
                *product += x * y;
            }
        }
    }

    /// What they are distributed like; `None` of fewer than two.
    pub(crate) fn gaussian(self) -> Option<Gaussian> {
        if self.count < 2 {
            return None;
        }
        let (n, count) = (self.sums.len(), self.count as f64);
        let mut covariance = Matrix::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                let value = (self.products.values[i * n + j] - self.sums[i] * self.sums[j] / count) / (count - 1.0);
                covariance.values[i * n + j] = value;
                covariance.values[j * n + i] = value;
            }
        }
        let mean = self.sums.iter().zip(&self.origin).map(|(sum, origin)| origin + sum / count).collect();
        Some(Gaussian { mean, covariance })
    }
}

/// A small square matrix, row by row.
#[derive(Clone, Debug)]
struct Matrix {
    n: usize,
    values: Vec<f64>,
}

impl Matrix {
    fn zeros(n: usize) -> Self {
        Matrix { n, values: vec![0.0; n * n] }
    }

    fn trace(&self) -> f64 {
        (0..self.n).map(|i| self.values[i * self.n + i]).sum()
    }

    fn times(&self, other: &Matrix) -> Matrix {
        let n = self.n;
        let mut product = Matrix::zeros(n);
        for (row, out) in self.values.chunks_exact(n).zip(product.values.chunks_exact_mut(n)) {
            for (&factor, line) in row.iter().zip(other.values.chunks_exact(n)) {
                for (out, value) in out.iter_mut().zip(line) {
                    *out += factor * value;
                }
            }
        }
        product
    }

    /// The mean of it and its transpose: takes off what rounding leaves of asymmetry.
    fn symmetrised(mut self) -> Matrix {
        for i in 0..self.n {
            for j in 0..i {
                let mean = 0.5 * (self.values[i * self.n + j] + self.values[j * self.n + i]);
                self.values[i * self.n + j] = mean;
                self.values[j * self.n + i] = mean;
            }
        }
        self
    }

    /// The symmetric square root of a symmetric matrix; eigenvalues that rounding made negative count as 0.
    fn root(&self) -> Matrix {
        let n = self.n;
        let (values, vectors) = self.clone().eigen();
        let roots: Vec<f64> = values.iter().map(|v| v.max(0.0).sqrt()).collect();
        let mut root = Matrix::zeros(n);
        for i in 0..n {
            for j in 0..n {
                let (a, b) = (&vectors.values[i * n..][..n], &vectors.values[j * n..][..n]);
                root.values[i * n + j] = roots.iter().zip(a).zip(b).map(|((r, x), y)| r * x * y).sum();
            }
        }
        root
    }

    /// Eigenvalues, and eigenvectors as columns, of a symmetric matrix: Jacobi's rotations, row by row, until what stands
    /// beside the diagonal is nothing beside what stands on it.
    fn eigen(mut self) -> (Vec<f64>, Matrix) {
        const SWEEPS: usize = 64;
        let n = self.n;
        let mut vectors = Matrix::zeros(n);
        for i in 0..n {
            vectors.values[i * n + i] = 1.0;
        }
        let squares: f64 = self.values.iter().map(|v| v * v).sum();
        for _ in 0..SWEEPS {
            let beside = |i: usize| self.values[i * n..i * n + i].iter().map(|v| v * v).sum::<f64>();
            if (0..n).map(beside).sum::<f64>() <= squares * 1e-32 {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    self.rotate(p, q, &mut vectors);
                }
            }
        }
        ((0..n).map(|i| self.values[i * n + i]).collect(), vectors)
    }

    /// Turns the plane of `p` and `q` such that their common entry becomes 0.
    fn rotate(&mut self, p: usize, q: usize, vectors: &mut Matrix) {
        let n = self.n;
        let entry = self.values[p * n + q];
        if entry == 0.0 {
            return;
        }
        let theta = (self.values[q * n + q] - self.values[p * n + p]) / (2.0 * entry);
        let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
        let cosine = 1.0 / tangent.hypot(1.0);
        let sine = tangent * cosine;
        let turn = |x: f64, y: f64| (cosine * x - sine * y, sine * x + cosine * y);
        for k in 0..n {
            let (a, b) = (k * n + p, k * n + q);
            (self.values[a], self.values[b]) = turn(self.values[a], self.values[b]);
            (vectors.values[a], vectors.values[b]) = turn(vectors.values[a], vectors.values[b]);
        }
        for k in 0..n {
            let (a, b) = (p * n + k, q * n + k);
            (self.values[a], self.values[b]) = turn(self.values[a], self.values[b]);
        }
    }
}
