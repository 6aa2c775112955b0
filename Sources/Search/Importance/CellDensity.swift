/// What a kernel density estimate says of each cell of a grid, given how many values fell into each.
///
/// With a prior that counts like one value, and, for numbers, a bandwidth after Scott (1992).
/// `unroll_internal.cell_density` is the same in SQL.
enum CellDensity {
  /// The probability of each of some classes.
  static func classes(_ counts: [Int]) -> [Double] {
    let total = Double(counts.reduce(0, +))
    let kernels = Double(counts.count { $0 > 0 } + 1)
    let classes = Double(counts.count)
    // A kernel gives its own class 1 and every class 1/kernels, before it is divided by their sum.
    let sum = 1 + classes / kernels
    return counts.map { count in
      ((Double(count) + total / kernels) / sum + 1 / classes) / (total + 1)
    }
  }

  /// The probability of each of the cells of a range.
  static func numbers(_ counts: [Int]) -> [Double] {
    let cells = counts.count
    let total = Double(counts.reduce(0, +))
    let kernel = CellKernel(bandwidth: bandwidth(counts), cells: cells)
    let prior = CellKernel(bandwidth: Double(cells), cells: cells)
    let middle = Double(cells - 1) / 2
    var density = (0..<cells).map { prior.mass(of: Double($0), around: middle) / (total + 1) }
    for (center, count) in counts.enumerated() where count > 0 {
      let weight = Double(count) / (total + 1)
      for cell in 0..<cells {
        density[cell] += weight * kernel.mass(of: Double(cell), around: Double(center))
      }
    }
    return density
  }

  /// 1.059 · min(interquartile range / 1.34, standard deviation) · n^(−1/5), and at least so much
  /// that nine tenths of a kernel are in its own cell.
  static func bandwidth(_ counts: [Int]) -> Double {
    let occupied = counts.indices.filter { counts[$0] > 0 }
    let total = counts.reduce(0, +)
    let sum = occupied.reduce(0.0) { $0 + Double($1) * Double(counts[$1]) }
    let mean = sum / Double(total)
    let squares = occupied.reduce(0.0) { sum, cell in
      sum + (Double(cell) - mean) * (Double(cell) - mean) * Double(counts[cell])
    }
    let deviation = (squares / Double(max(1, total - 1))).squareRoot()
    let third = quantile(occupied, counts) { $0 > total * 3 / 4 }
    let first = quantile(occupied, counts) { $0 >= total / 4 }
    let range = Double(third - first)
    let root = Exponential.exp(-0.2 * Exponential.log(Double(total)))
    let scott = 1.059 * min(range / 1.34, deviation) * root
    return max(scott, 0.5 / 1.64)
  }

  /// The first occupied cell up to which there are enough values, or the last one.
  private static func quantile(
    _ occupied: [Int], _ counts: [Int], isEnough: (Int) -> Bool
  ) -> Int {
    var below = 0
    for cell in occupied {
      below += counts[cell]
      if isEnough(below) { return cell }
    }
    return occupied.last ?? 0
  }
}

/// A normal distribution cut off at the ends of a grid, and summed over each of its cells.
private struct CellKernel {
  let cells: Int
  /// The distribution function, less a half, at −cells, −cells + ½ and so on from a center.
  private let edges: [Double]

  init(bandwidth: Double, cells: Int) {
    self.cells = cells
    // The edges of cells are so many halves away from any center: there are few distances.
    edges = (-2 * cells...2 * cells).map {
      Self.errorFunction(Double($0) / 2 / (bandwidth * 2.0.squareRoot())) / 2
    }
  }

  func mass(of cell: Double, around center: Double) -> Double {
    integral(cell - 0.5 - center, cell + 0.5 - center)
      / integral(-0.5 - center, Double(cells) - 0.5 - center)
  }

  private func integral(_ low: Double, _ high: Double) -> Double {
    edges[Int(2 * high) + 2 * cells] - edges[Int(2 * low) + 2 * cells]
  }

  /// The error function, by a series without cancellation.
  private static func errorFunction(_ x: Double) -> Double {
    guard abs(x) <= 6 else { return x < 0 ? -1 : 1 }
    var (term, total, odd) = (x, x, 1.0)
    while abs(term) > 1e-17 * abs(total) {
      odd += 2
      term *= 2 * x * x / odd
      total += term
    }
    return 2 / Double.pi.squareRoot() * Exponential.exp(-x * x) * total
  }
}
