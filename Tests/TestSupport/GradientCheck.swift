/// Derivatives of a function of many numbers by central differences, to check a backward pass.
///
/// - Parameters:
///   - point: The numbers; each is changed and restored.
///   - distance: How far each number is moved, up and down.
///   - function: The function, read anew after each change.
/// - Returns: The derivative for each number.
public func centralDifferences(
  at point: UnsafeMutableBufferPointer<Double>, distance: Double = 1e-5, of function: () -> Double
) -> [Double] {
  point.indices.map { index in
    let center = point[index]
    defer { point[index] = center }
    point[index] = center + distance
    let above = function()
    point[index] = center - distance
    let below = function()
    return (above - below) / (2 * distance)
  }
}

/// The largest difference between two lists, relative to the largest number in `expected`, which
/// counts as at least `floor`.
public func relativeDifference<Number: BinaryFloatingPoint>(
  _ actual: [Number], _ expected: [Number], floor: Double = 1e-3
) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var difference = 0.0
  var scale = floor
  for (left, right) in zip(actual, expected) {
    let distance = abs(Double(left) - Double(right))
    // Not a number is as far away as can be.
    difference = distance.isNaN ? .infinity : max(difference, distance)
    scale = max(scale, abs(Double(right)))
  }
  return difference / scale
}
