/// Minimizes a smooth function in a box by L-BFGS: at a bound, only the parameters that the gradient
/// does not push out of the box move.
struct BoxMinimizer {
  /// The bounds of each parameter.
  let bounds: [ClosedRange<Double>]
  /// No more steps than this.
  var steps = 50
  /// Ends once no derivative is larger.
  var tolerance = 1e-2
  /// How many steps the curvature is learnt from.
  var memory = 8

  /// A point and what is known of it.
  struct Point {
    var parameters: [Double]
    var value: Double
    var gradient: [Double]
  }

  private struct Correction {
    let step: [Double]
    let change: [Double]
    let curvature: Double
  }

  /// The best point found from a start; never worse than the start.
  ///
  /// - Parameters:
  ///   - start: The start, brought into the box.
  ///   - function: The value and the derivatives. A value that is not finite is a point to avoid.
  /// - Returns: The point.
  func minimum(
    from start: [Double], _ function: ([Double]) -> (value: Double, gradient: [Double])
  ) -> Point {
    let inside = clamped(start)
    let first = function(inside)
    var point = Point(parameters: inside, value: first.value, gradient: first.gradient)
    guard point.value.isFinite else { return point }
    var corrections: [Correction] = []
    for _ in 0..<steps {
      let isFree = point.parameters.indices.map { index in
        let bound = bounds[index]
        let slope = point.gradient[index]
        return slope > 0
          ? point.parameters[index] > bound.lowerBound : point.parameters[index] < bound.upperBound
      }
      let free = zip(point.gradient, isFree).map { $1 ? $0 : 0 }
      guard free.contains(where: { abs($0) > tolerance }) else { break }
      var direction = descent(free, corrections)
      for index in direction.indices where !isFree[index] { direction[index] = 0 }
      if product(direction, free) >= 0 {
        corrections = []
        direction = descent(free, [])
      }
      guard let next = step(from: point, along: direction, function) else {
        // A direction that leads nowhere may be an old curvature's fault: try without it once.
        if corrections.isEmpty { break }
        corrections = []
        continue
      }
      let step = zip(next.parameters, point.parameters).map { $0 - $1 }
      let change = zip(next.gradient, point.gradient).map { $0 - $1 }
      let curvature = product(step, change)
      if curvature > 1e-10 * product(change, change) {
        corrections.append(Correction(step: step, change: change, curvature: curvature))
        if corrections.count > memory { corrections.removeFirst() }
      }
      let gain = point.value - next.value
      point = next
      if gain <= 1e-9 * max(1, abs(point.value)) { break }
    }
    return point
  }

  private func clamped(_ parameters: [Double]) -> [Double] {
    zip(parameters, bounds).map { min(max($0, $1.lowerBound), $1.upperBound) }
  }

  private func product(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Minus the inverse Hessian of the corrections times the gradient.
  private func descent(_ gradient: [Double], _ corrections: [Correction]) -> [Double] {
    var direction = gradient.map { -$0 }
    guard let newest = corrections.last else {
      // Without curvature, a step of at most one.
      let length = gradient.reduce(0) { $0 + abs($1) }
      return direction.map { $0 / max(1, length) }
    }
    var factors: [Double] = []
    for correction in corrections.reversed() {
      let factor = product(correction.step, direction) / correction.curvature
      factors.append(factor)
      for index in direction.indices { direction[index] -= factor * correction.change[index] }
    }
    let scale = newest.curvature / product(newest.change, newest.change)
    for index in direction.indices { direction[index] *= scale }
    for (correction, factor) in zip(corrections, factors.reversed()) {
      let other = product(correction.change, direction) / correction.curvature
      for index in direction.indices {
        direction[index] += (factor - other) * correction.step[index]
      }
    }
    return direction
  }

  /// The first point along a direction, folded into the box, that is better by Armijo's rule.
  private func step(
    from point: Point, along direction: [Double],
    _ function: ([Double]) -> (value: Double, gradient: [Double])
  ) -> Point? {
    var length = 1.0
    for _ in 0..<12 {
      let parameters = clamped(zip(point.parameters, direction).map { $0 + length * $1 })
      let expected = product(point.gradient, zip(parameters, point.parameters).map { $0 - $1 })
      guard expected < 0 else { return nil }
      let (value, gradient) = function(parameters)
      if value.isFinite, value <= point.value + 1e-4 * expected {
        return Point(parameters: parameters, value: value, gradient: gradient)
      }
      // The minimum of the parabola through what is known, but neither too far nor too near.
      let curvature = value - point.value - expected
      let ratio = value.isFinite && curvature > 0 ? -expected / (2 * curvature) : 0.1
      length *= min(0.5, max(0.1, ratio))
    }
    return nil
  }
}
