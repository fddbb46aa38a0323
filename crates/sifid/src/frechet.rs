//! The Frechet distance of two sets of feature vectors, each treated as samples of a Gaussian.

/// The mean and the covariance (divisor n - 1) of feature vectors.
#[derive(Clone, Debug)]
pub(crate) struct Gaussian {
    mean: Vec<f64>,
    covariance: Matrix,
}

/// The squared Frechet distance `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`. Both must have the same number of features.
pub(crate) fn frechet(a: &Gaussian, b: &Gaussian) -> f64 {
    let means: f64 = a.mean.iter().zip(&b.mean).map(|(x, y)| (x - y) * (x - y)).sum();
    // S1 S2 has the same eigenvalues as S1^(1/2) S2 S1^(1/2), which is symmetric, so that they are real.
    let root = a.covariance.root();
    let (values, _) = root.times(&b.covariance).times(&root).symmetrised().eigen();
    let cross: f64 = values.iter().map(|v| v.max(0.0).sqrt()).sum();
    means + a.covariance.trace() + b.covariance.trace() - 2.0 * cross
}

/// Sums over feature vectors that are added one by one, so that they need not be kept.
#[derive(Debug)]
pub(crate) struct Moments {
    count: usize,
    /// The first vector, which is subtracted from all vectors. The sums are then of small numbers, so that
    /// subtracting the mean later loses no precision.
    origin: Vec<f64>,
    sums: Vec<f64>,
    products: Matrix,
}

impl Moments {
    /// Sums without any vectors; each vector will have `features` values.
    pub(crate) fn new(features: usize) -> Self {
        let zeros = vec![0.0; features];
        Self { count: 0, origin: zeros.clone(), sums: zeros, products: Matrix::zeros(features) }
    }

    /// Adds one vector.
    pub(crate) fn add(&mut self, vector: &[f32]) {
        if self.count == 0 {
            self.origin = vector.iter().map(|&v| f64::from(v)).collect();
        }
        self.count += 1;
        let n = self.sums.len();
        let offsets: Vec<f64> = vector.iter().zip(&self.origin).map(|(&v, o)| f64::from(v) - o).collect();
        for (i, &x) in offsets.iter().enumerate() {
            self.sums[i] += x;
            for (product, &y) in self.products.values[i * n..].iter_mut().zip(&offsets[..=i]) {
                *product += x * y;
            }
        }
    }

    /// The Gaussian of all vectors; `None` if there are fewer than two.
    pub(crate) fn gaussian(self) -> Option<Gaussian> {
        if self.count < 2 {
            return None;
        }
        let (n, count) = (self.sums.len(), self.count as f64);
        let mut covariance = Matrix::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                let value =
                    (self.products.values[i * n + j] - self.sums[i] * self.sums[j] / count) / (count - 1.0);
                covariance.values[i * n + j] = value;
                covariance.values[j * n + i] = value;
            }
        }
        let mean = self.sums.iter().zip(&self.origin).map(|(sum, origin)| origin + sum / count).collect();
        Some(Gaussian { mean, covariance })
    }
}

/// A small square matrix of n x n values, row by row.
#[derive(Clone, Debug)]
struct Matrix {
    n: usize,
    values: Vec<f64>,
}

impl Matrix {
    fn zeros(n: usize) -> Self {
        Self { n, values: vec![0.0; n * n] }
    }

    fn trace(&self) -> f64 {
        (0..self.n).map(|i| self.values[i * self.n + i]).sum()
    }

    fn times(&self, other: &Self) -> Self {
        let n = self.n;
        let mut product = Self::zeros(n);
        for (row, out) in self.values.chunks_exact(n).zip(product.values.chunks_exact_mut(n)) {
            for (&factor, line) in row.iter().zip(other.values.chunks_exact(n)) {
                for (out, value) in out.iter_mut().zip(line) {
                    *out += factor * value;
                }
            }
        }
        product
    }

    /// The mean of the matrix and its transpose, which removes asymmetry caused by rounding.
    fn symmetrised(mut self) -> Self {
        for i in 0..self.n {
            for j in 0..i {
                let mean = 0.5 * (self.values[i * self.n + j] + self.values[j * self.n + i]);
                self.values[i * self.n + j] = mean;
                self.values[j * self.n + i] = mean;
            }
        }
        self
    }

    /// The symmetric square root of a symmetric matrix. Eigenvalues that are negative because of rounding
    /// count as 0.
    fn root(&self) -> Self {
        let n = self.n;
        let (values, vectors) = self.clone().eigen();
        let roots: Vec<f64> = values.iter().map(|v| v.max(0.0).sqrt()).collect();
        let mut root = Self::zeros(n);
        for i in 0..n {
            for j in 0..n {
                let (a, b) = (&vectors.values[i * n..][..n], &vectors.values[j * n..][..n]);
                root.values[i * n + j] = roots.iter().zip(a).zip(b).map(|((r, x), y)| r * x * y).sum();
            }
        }
        root
    }

    /// The eigenvalues of a symmetric matrix, and its eigenvectors as columns. Jacobi rotations are applied
    /// row by row until the elements outside the diagonal are negligible.
    fn eigen(mut self) -> (Vec<f64>, Self) {
        const SWEEPS: usize = 64;
        let n = self.n;
        let mut vectors = Self::zeros(n);
        for i in 0..n {
            vectors.values[i * n + i] = 1.0;
        }
        let squares: f64 = self.values.iter().map(|v| v * v).sum();
        for _ in 0..SWEEPS {
            let off_diagonal = |i: usize| self.values[i * n..i * n + i].iter().map(|v| v * v).sum::<f64>();
            if (0..n).map(off_diagonal).sum::<f64>() <= squares * 1e-32 {
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

    /// Rotates the plane of axes `p` and `q` such that the element (p, q) becomes 0, and rotates `vectors`
    /// likewise.
    fn rotate(&mut self, p: usize, q: usize, vectors: &mut Self) {
        let n = self.n;
        let entry = self.values[p * n + q];
        if entry == 0.0 {
            return;
        }
        let theta = (self.values[q * n + q] - self.values[p * n + p]) / (2.0 * entry);
        let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
        let cosine = 1.0 / tangent.hypot(1.0);
        let sine = tangent * cosine;
        let rotated = |x: f64, y: f64| (cosine * x - sine * y, sine * x + cosine * y);
        for k in 0..n {
            let (a, b) = (k * n + p, k * n + q);
            (self.values[a], self.values[b]) = rotated(self.values[a], self.values[b]);
            (vectors.values[a], vectors.values[b]) = rotated(vectors.values[a], vectors.values[b]);
        }
        for k in 0..n {
            let (a, b) = (p * n + k, q * n + k);
            (self.values[a], self.values[b]) = rotated(self.values[a], self.values[b]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaussian(rows: &[Vec<f32>]) -> Gaussian {
        let mut moments = Moments::new(rows[0].len());
        rows.iter().for_each(|row| moments.add(row));
        moments.gaussian().expect("two vectors or more")
    }

    /// `count` vectors of `features` values each, the same as those of the Python function in [`EXPECTED`].
    fn cloud(count: usize, features: usize, phase: f64) -> Vec<Vec<f32>> {
        let value = |i: usize, j: f64| {
            ((((i * i % 31) as f64 * 0.37 * (j + 1.0) + phase).sin() + phase) * (j + 1.0)) as f32
        };
        (0..count).map(|i| (0..features).map(|j| value(i, j as f64)).collect()).collect()
    }

    /// Two numbers of vectors, the number of features, and the distance computed with SciPy 1.17.1:
    ///
    /// ```python
    /// import numpy as np
    /// from scipy.linalg import sqrtm
    ///
    /// def cloud(count, features, phase):
    ///     i, j = np.ogrid[:count, :features]
    ///     return ((np.sin((i * i % 31) * 0.37 * (j + 1) + phase) + phase) * (j + 1)).astype(np.float32).astype(float)
    ///
    /// def frechet(a, b):
    ///     d, s, t = a.mean(0) - b.mean(0), np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    ///     return d @ d + np.trace(s + t - 2 * sqrtm(s @ t)).real
    ///
    /// for n, m, features in [(40, 50, 6), (30, 31, 16), (5, 40, 8), (3, 4, 6)]:
    ///     print(frechet(cloud(n, features, 0.0), cloud(m, features, 0.9)))
    /// ```
    ///
    /// The last two cases have fewer vectors than features, so that a covariance does not have full rank.
    const EXPECTED: [(usize, usize, usize, f64); 4] = [
        (40, 50, 6, 70.75466251470962),
        (30, 31, 16, 1464.840014108902),
        (5, 40, 8, 195.82595948122116),
        (3, 4, 6, 113.42808893288478),
    ];

    #[test]
    fn the_distance_equals_scipy() {
        for (n, m, features, expected) in EXPECTED {
            let found = frechet(&gaussian(&cloud(n, features, 0.0)), &gaussian(&cloud(m, features, 0.9)));
            assert!(
                (found - expected).abs() < 1e-6 * expected,
                "{n}, {m}, {features}: {found}, SciPy has {expected}"
            );
        }
    }

    #[test]
    fn the_distance_is_symmetric_and_grows_with_the_means() {
        let (a, b) = (gaussian(&cloud(70, 64, 0.0)), gaussian(&cloud(90, 64, 0.4)));
        // The vectors span only about half of the space. In the other directions, the square root turns
        // rounding errors of 1e-16 into errors of 1e-8.
        let allowed = 1e-6 * a.covariance.trace();
        assert!(frechet(&a, &a).abs() < allowed);
        assert!((frechet(&a, &b) - frechet(&b, &a)).abs() < allowed);
        // If all vectors are shifted by the same amount, only the means differ.
        let shifted: Vec<Vec<f32>> =
            cloud(70, 64, 0.0).iter().map(|row| row.iter().map(|v| v + 2.0).collect()).collect();
        assert!((frechet(&a, &gaussian(&shifted)) - 4.0 * 64.0).abs() < allowed);
    }

    #[test]
    fn a_large_mean_costs_no_precision() {
        let shifted: Vec<Vec<f32>> = (0..9).map(|i| vec![1e6 + i as f32, 5e6 - 2.0 * i as f32]).collect();
        let covariance = gaussian(&shifted).covariance.values;
        for (found, expected) in covariance.iter().zip([7.5, -15.0, -15.0, 30.0]) {
            assert!((found - expected).abs() < 1e-9, "{found}, {expected}");
        }
    }

    #[test]
    fn one_vector_has_no_covariance() {
        let mut moments = Moments::new(2);
        moments.add(&[1.0, 2.0]);
        assert!(moments.gaussian().is_none());
    }
}
