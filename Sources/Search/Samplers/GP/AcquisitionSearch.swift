import Philox

/// Looks for the point of a space with the largest acquisition: many points at once, then local
/// searches from the best of them.
struct AcquisitionSearch {
  /// How many points are compared at first.
  static let samples = 2048
  /// How many of them lie around the best observations.
  static let neighbours = 512
  /// How many local searches there are.
  static let searches = 10
  /// An axis with no more values is searched through.
  static let fewValues = 16

  let encoding: PointEncoding
  let acquisition: Acquisition
  /// The positions of the best observations, the best one first.
  let incumbents: [[Double]]
  /// The features of all points that were tried or are being tried.
  let tried: Set<[Double]>
  /// Whether the constraints between parameters allow an assignment; nil if there are none.
  let isAllowed: (@Sendable (Assignment) -> Bool)?

  /// A point that was found.
  struct Found {
    var positions: [Double]
    var value: Double
  }

  /// The best point that was not tried, if there is one; nil if the constraints allow none that was
  /// drawn.
  func maximum(_ random: inout RandomSequence) -> Found? {
    let candidates = draw(&random)
    guard !candidates.isEmpty else { return nil }
    let values = acquisition(candidates.map(encoding.features))
    let found = zip(candidates, values).map(Found.init)
    var ends: [Found] = []
    for start in starts(found, &random) {
      let end = climb(from: start)
      if !ends.contains(where: { $0.positions == end.positions }) { ends.append(end) }
    }
    let isNew = { (found: Found) in !tried.contains(encoding.features(found.positions)) }
    return best(of: ends.filter(isNew)) ?? best(of: found.filter(isNew)) ?? best(of: ends)
  }

  /// The first one of the largest value.
  private func best(of found: [Found]) -> Found? {
    found.dropFirst().reduce(found.first) { best, next in
      next.value > best?.value ?? -.infinity ? next : best
    }
  }

  private func allows(_ positions: [Double]) -> Bool {
    isAllowed?(encoding.assignment(positions)) ?? true
  }

  // MARK: - Starts

  private func draw(_ random: inout RandomSequence) -> [[Double]] {
    let spread = incumbents.isEmpty ? Self.samples : Self.samples - Self.neighbours
    let parts = LatinHypercube.parts(
      count: spread, dimensions: encoding.axes.count, &random)
    var points = (0..<spread).map { number in
      zip(encoding.axes, LatinHypercube.point(number, of: parts, &random)).map {
        $0.position(uniform: $1)
      }
    }
    for number in 0..<Self.samples - spread {
      points.append(neighbour(of: incumbents[number % incumbents.count], &random))
    }
    return isAllowed == nil ? points : points.filter(allows)
  }

  /// Moves some of the positions, by a distance of any order of magnitude from 1/1000 to 1/2.
  private func neighbour(of point: [Double], _ random: inout RandomSequence) -> [Double] {
    let width = Exponential.exp(-0.7 - 6.2 * random.uniform())
    let chance = max(0.3, 1 / Double(point.count))
    return zip(encoding.axes, point).map { axis, position in
      guard random.uniform() < chance else { return position }
      if axis.isCategory { return axis.position(uniform: random.uniform()) }
      // The sum of three uniform numbers is normal enough.
      let distance = random.uniform() + random.uniform() + random.uniform() - 1.5
      return axis.snapped(position + 2 * width * distance)
    }
  }

  /// The best observation, the best drawn point, and others drawn by their improvement: the largest
  /// logarithms after Gumbel noise are a sample without replacement.
  private func starts(_ found: [Found], _ random: inout RandomSequence) -> [Found] {
    let noisy = found.indices.map { index in
      let uniform = max(random.uniform(), 0x1p-53)
      return found[index].value - Exponential.log(max(-Exponential.log(uniform), 0x1p-60))
    }
    let order = found.indices.sorted { (noisy[$0], $1) > (noisy[$1], $0) }
    var starts = best(of: found).map { [$0] } ?? []
    if let incumbent = incumbents.first, allows(incumbent) {
      starts.append(
        Found(positions: incumbent, value: acquisition([encoding.features(incumbent)])[0]))
    }
    for index in order where starts.count < Self.searches {
      if !starts.contains(where: { $0.positions == found[index].positions }) {
        starts.append(found[index])
      }
    }
    return starts
  }

  // MARK: - Local search

  /// Climbs along the axes that are lines together and along the others one by one, until neither
  /// leads higher.
  private func climb(from start: Found) -> Found {
    var point = start
    let lines = encoding.axes.indices.filter { encoding.axes[$0].count == nil }
    let others = encoding.axes.indices.filter { encoding.axes[$0].count ?? 1 > 1 }
    for _ in 0..<8 {
      let before = point
      ascend(&point, along: lines)
      for axis in others { search(&point, along: axis) }
      if others.isEmpty || point.positions == before.positions { break }
    }
    return point
  }

  /// Follows the gradient, in units of the length scales, where the acquisition is about as steep in
  /// all directions.
  private func ascend(_ point: inout Found, along lines: [Int]) {
    let isPresent = encoding.presence(point.positions)
    let free = lines.filter { isPresent[$0] }
    guard !free.isEmpty else { return }
    let roots = free.map { acquisition.process.kernel.inverseSquares[$0].squareRoot() }
    var positions = point.positions
    let minimizer = BoxMinimizer(bounds: roots.map { 0...$0 })
    let end = minimizer.minimum(from: zip(free, roots).map { positions[$0] * $1 }) { scaled in
      for (index, axis) in free.enumerated() {
        positions[axis] = min(scaled[index] / roots[index], 1)
      }
      guard allows(positions) else { return (.infinity, free.map { _ in 0 }) }
      let (value, gradient) = acquisition.gradient(encoding.features(positions))
      return (-value, zip(free, roots).map { -gradient[$0] / $1 })
    }
    guard -end.value > point.value else { return }
    for (index, axis) in free.enumerated() {
      point.positions[axis] = min(end.parameters[index] / roots[index], 1)
    }
    point.value = -end.value
  }

  /// Tries the other values of an axis: all, if they are few, else some over the whole axis and those
  /// at distances of 1, 2, 4, … steps, as long as that leads higher.
  private func search(_ point: inout Found, along axis: Int) {
    guard encoding.presence(point.positions)[axis], let count = encoding.axes[axis].count else {
      return
    }
    var isFirst = true
    while true {
      let current = encoding.axes[axis].index(at: point.positions[axis])
      var indices: Set<Int> = []
      if encoding.axes[axis].isCategory || count <= Self.fewValues {
        indices = Set(0..<count)
      } else {
        var distance = 1
        while distance < count {
          if current >= distance { indices.insert(current - distance) }
          if current < count - distance { indices.insert(current + distance) }
          distance *= 2
        }
        if isFirst {
          for part in 0..<8 {
            indices.insert(encoding.axes[axis].index(at: (Double(part) + 0.5) / 8))
          }
        }
      }
      indices.remove(current)
      var candidates = indices.sorted().map { index in
        var positions = point.positions
        positions[axis] = encoding.axes[axis].position(at: index)
        return positions
      }
      if isAllowed != nil { candidates = candidates.filter(allows) }
      let values = acquisition(candidates.map(encoding.features))
      guard let better = best(of: zip(candidates, values).map(Found.init)),
        better.value > point.value
      else { return }
      point = better
      isFirst = false
      if count <= Self.fewValues { return }
    }
  }
}
