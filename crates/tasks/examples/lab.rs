//! lab
#![allow(clippy::all, missing_docs, clippy::print_stdout, clippy::unwrap_used)]
use pyramid::{Picture, Target, imresize, load};
use tasks::*;
fn pic(a: &ndarray::Array3<f32>) -> Picture {
    Picture::from_pixels(a.mapv(|v| v * 2.0 - 1.0)).unwrap()
}
pub fn pictures(long: usize) -> Vec<(String, Picture)> {
    let mut out = vec![];
    for n in [
        "coffee.jpg",
        "rocket.jpg",
        "summer-palace.jpg",
        "hubble-deep-field.jpg",
        "gravel.png",
        "grass.png",
        "brick.png",
    ] {
        let p = load(format!("assets/images/{n}").as_ref()).unwrap();
        let (h, w) = p.size();
        let p =
            Picture::from_pixels(imresize(p.pixels(), Target::Scale(long as f64 / h.max(w) as f64)).unwrap())
                .unwrap();
        let c = p.pixels().mapv(|v| (v + 1.0) * 0.5);
        out.push((n[..6.min(n.len())].to_string(), p));
        if n.starts_with("summer") || n.starts_with("coffee") {
            out.push((format!("{}-bright", &n[..4]), pic(&c.mapv(|v| 0.25 + 0.75 * v.powf(0.7)))));
            out.push((format!("{}-invert", &n[..4]), pic(&c.mapv(|v| 1.0 - v))));
        }
    }
    out
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let get = |k: &str, d: f64| args.iter().position(|a| a == k).map_or(d, |i| args[i + 1].parse().unwrap());
    let config = Dehazing {
        niter: get("--niter", 200.0) as usize,
        max_size: get("--max", 100.0) as usize,
        filters: get("--filters", 32.0) as usize,
        ..Dehazing::default()
    };
    kernels::set_threads(2);
    let tint = get("--tint", 0.0) as f32;
    let off = get("--seed", 0.0) as u64;
    let reps = get("--reps", 1.0) as usize;
    let (mut sums, mut n, mut below) = ([0.0; 3], 0, 0);
    let begun = std::time::Instant::now();
    for (name, clear) in pictures(get("--long", 160.0) as usize) {
        if args.iter().any(|a| a == "--four") && (name.contains('-') || name.ends_with('.')) {
            continue;
        }
        let clear_out = dehaze(&clear, &config, &mut |_, _, _| {}).unwrap();
        let mut hazes = vec![];
        for beta in [0.6, 1.2, 1.8] {
            for _ in 0..reps {
                n += 1;
                let a0 = 0.7 + 0.3 * (((n as u64 + off) as f64 * 0.618).fract()) as f32;
                hazes.push((beta, [a0 * (1.0 - tint), a0, (a0 * (1.0 + tint)).min(1.0)], off + n as u64));
            }
        }
        if clear.channels() == 1 {
            for h in &mut hazes {
                h.1 = [h.1[1]; 3]
            }
        }
        println!("{name}: clear {:.1}", metrics::psnr(clear.pixels(), clear_out.picture.pixels()).unwrap());
        for r in evaluate_dehazing(&clear, &hazes, &config).unwrap() {
            println!(
                "   {} A {:.2} | {:.1} {:.1} {:.1} {}",
                r.beta,
                r.airlight[1],
                r.nothing,
                r.dcp,
                r.multi_stage,
                if r.multi_stage < r.nothing { "BELOW" } else { "" }
            );
            for (s, v) in sums.iter_mut().zip([r.nothing, r.dcp, r.multi_stage]) {
                *s += v;
            }
            below += usize::from(r.multi_stage < r.nothing);
        }
    }
    println!(
        "mean {:.2} {:.2} {:.2} below {below} of {n}; {:.1} s",
        sums[0] / n as f64,
        sums[1] / n as f64,
        sums[2] / n as f64,
        begun.elapsed().as_secs_f64()
    );
}
