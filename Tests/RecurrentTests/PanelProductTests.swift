import CKernels
import Philox
import Recurrent
import TestSupport
import Testing

/// The products of both precisions against sums in Double, of the numbers as they are or rounded, on every
/// path and on emulated tiles, for shapes on both sides of tiles, slabs and blocks.
@Suite struct PanelProductTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var path: String
    var rows, inner, units: Int
    var isRounded = true
    var gates = 2
    var testDescription: String {
      "\(path) \(rows)×\(inner)×\(units) \(isRounded ? "bf16" : "float32")"
    }
    var operations: Operations { isRounded ? .bf16 : .float32 }
    /// What sums may be wrong by, of the largest.
    var tolerance: Double { isRounded ? 1e-5 : 2e-6 }

    static let all = (KernelPath.available + [KernelPath.emulated]).flatMap { path in
      [
        (1, 1, 1), (3, 31, 15), (16, 32, 16), (17, 33, 31), (32, 64, 32), (33, 65, 33),
        (47, 95, 40), (130, 70, 64), (161, 9, 97), (5, 300, 50), (300, 40, 7), (600, 300, 40),
        // More weights than stay in the cache.
        (33, 512, 520),
      ].flatMap { rows, inner, units in
        [true, false].map {
          Case(path: path, rows: rows, inner: inner, units: units, isRounded: $0)
        }
      }
    }

    /// What the operands become.
    func rounded(_ numbers: [Float]) -> [Float] {
      guard isRounded else { return numbers }
      let result = Buffer<Float>(count: numbers.count)
      bf16_round_float(numbers.count, numbers, result.pointer)
      return result.elements
    }

    /// Runs `body` on the path, with its panel width.
    func onPath(_ body: (_ width: Int) -> Void) {
      KernelPath.using(path) { withDenormalsFlushed { body(panel_width_float()) } }
    }
  }

  /// The functions of a precision.
  struct Operations {
    let lay: (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    let depth: (Int) -> Int
    let pack:
      (Int, Int, Int, UnsafePointer<Int32>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) ->
        Void
    let packBack:
      (Int, Int, Int, UnsafePointer<Int32>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) ->
        Void
    let multiply:
      (
        UnsafePointer<product_shape>, UnsafePointer<Float>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, UnsafePointer<Float>?, Int32
      ) -> Void
    let scatterAdd:
      (
        Int, Int, UnsafePointer<Int32>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
      ) -> Void

    static var bf16: Self {
      Self(
        lay: bf16_panels_lay_float, depth: bf16_panel_depth_float, pack: bf16_panels_pack_float,
        packBack: bf16_panels_pack_back_float, multiply: bf16_product_float,
        scatterAdd: bf16_panels_scatter_add_float)
    }
    static var float32: Self {
      Self(
        lay: panels_lay_float, depth: panel_depth_float, pack: panels_pack_float,
        packBack: panels_pack_back_float, multiply: product_float,
        scatterAdd: panels_scatter_add_float)
    }
  }

  /// Tiles make a float of three parts, of which the last is a millionth.
  @Test(arguments: KernelPath.available + [KernelPath.emulated])
  func `a single product is right in all bits of float32 but the last`(path: String) {
    Case(path: path, rows: 48, inner: 70, units: 64, isRounded: false).onPath { width in
      let (rows, inner, units) = (48, 70, 64)
      let (blocks, panels) = (count(units, width), count(inner, width))
      // Each row of the left operand has one number.
      var (factors, weights) = (numbers(rows, seed: 1), numbers(units * inner, seed: 2))
      // Parts of the same sign; the largest number; halves of tiny ones.
      (factors[3], weights[3]) = (Float(bitPattern: 0x3F80_7FFF), Float(bitPattern: 0x3F80_7FFF))
      (factors[5], factors[6]) = (.greatestFiniteMagnitude, 1e-30)
      var input = [Float](repeating: 0, count: rows * inner)
      for row in 0..<rows { input[row * inner + row] = factors[row] }
      let left = Buffer<Float>(count: panels * rows * width)
      panels_lay_float(rows, inner, input, left.pointer, rows * width)
      let stride = panel_depth_float(inner) * width
      let packed = numberless(blocks * stride)
      panels_pack_float(units, inner, 1, [0], weights, packed.pointer)
      let result = numberless(blocks * rows * width)
      var form = product_shape()
      (form.rows, form.inner) = (rows, inner)
      (form.groups, form.panels, form.last_width) = (blocks, 1, width)
      (form.left_panels, form.left_block) = (panels, rows * width)
      (form.right_panel, form.right_group) = (stride, stride)
      (form.result_row, form.result_panel) = (width, rows * width)
      form.result_group = rows * width
      product_float(&form, left.pointer, packed.pointer, result.pointer, nil, 0)
      for row in 0..<rows {
        for unit in 0..<units {
          let exact = Double(factors[row]) * Double(weights[unit * inner + row])
          let found = Double(result[(unit / width * rows + row) * width + unit % width])
          #expect(abs(found - exact) <= 2.5e-7 * abs(exact), "\(path) \(row) \(unit)")
        }
      }
    }
  }

  @Test(arguments: Case.all) func `rows times packed weights`(shape: Case) {
    shape.onPath { width in
      let (rows, inner, units, gates) = (shape.rows, shape.inner, shape.units, shape.gates)
      let (blocks, panels) = (count(units, width), count(inner, width))
      let input = numbers(rows * inner, seed: 1)
      let weights = numbers(gates * units * inner, seed: 2)
      let left = numberless(panels * rows * width)
      shape.operations.lay(rows, inner, input, left.pointer, rows * width)
      let stride = shape.operations.depth(inner) * width
      let packed = numberless(blocks * gates * stride)
      shape.operations.pack(units, inner, gates, [1, 0], weights, packed.pointer)
      // [block][gate][rows][P], from a start that repeats, then once more on top.
      let starts = numbers(blocks * gates * width, seed: 3)
      let result = numberless(blocks * gates * rows * width)
      var form = product_shape()
      (form.rows, form.inner) = (rows, inner)
      (form.groups, form.panels, form.last_width) = (blocks, gates, width)
      (form.left_panels, form.left_block) = (panels, rows * width)
      (form.right_panel, form.right_group) = (stride, gates * stride)
      (form.result_row, form.result_panel) = (width, rows * width)
      form.result_group = gates * rows * width
      shape.operations.multiply(&form, left.pointer, packed.pointer, result.pointer, starts, 0)
      shape.operations.multiply(&form, left.pointer, packed.pointer, result.pointer, nil, 1)
      let (a, b) = (shape.rounded(input), shape.rounded(weights))
      var wrong = Comparison()
      for block in 0..<blocks {
        for gate in 0..<gates {
          for row in 0..<rows {
            for column in 0..<width where block * width + column < units {
              let panel = block * gates + gate
              let weight = ((1 - gate) * units + block * width + column) * inner
              let sum = (0..<inner).reduce(0.0) {
                $0 + Double(a[row * inner + $1]) * Double(b[weight + $1])
              }
              wrong.add(
                result[(panel * rows + row) * width + column],
                Double(starts[panel * width + column]) + 2 * sum)
            }
          }
        }
      }
      #expect(wrong.relative < shape.tolerance)
    }
  }

  @Test(arguments: Case.all) func `gates times packed weights, into rows`(shape: Case) {
    shape.onPath { width in
      let (rows, columns, units, gates) = (shape.rows, shape.inner, shape.units, shape.gates)
      let (blocks, panels) = (count(units, width), count(columns, width))
      let weights = numbers(gates * units * columns, seed: 2)
      let (operand, a) = gatesOperand(shape, rows, width)
      let stride = shape.operations.depth(blocks * gates * width) * width
      let packed = numberless(panels * stride)
      shape.operations.packBack(units, columns, gates, [0, 1], weights, packed.pointer)
      let former = numbers(rows * columns, seed: 5)
      let result = Buffer(former)
      var form = product_shape()
      (form.rows, form.inner) = (rows, blocks * gates * width)
      (form.groups, form.panels) = (1, panels)
      form.last_width = columns - (panels - 1) * width
      (form.left_panels, form.left_block) = (gates, rows * width)
      form.left_group = gates * rows * width
      form.right_panel = stride
      (form.result_row, form.result_panel) = (columns, width)
      shape.operations.multiply(&form, operand.pointer, packed.pointer, result.pointer, nil, 1)
      let b = shape.rounded(weights)
      var wrong = Comparison()
      for row in 0..<rows {
        for column in 0..<columns {
          var sum = Double(former[row * columns + column])
          for gate in 0..<gates {
            for unit in 0..<units {
              sum +=
                Double(a[(row * gates + gate) * units + unit])
                * Double(b[(gate * units + unit) * columns + column])
            }
          }
          wrong.add(result[row * columns + column], sum)
        }
      }
      #expect(wrong.relative < shape.tolerance)
    }
  }

  @Test(arguments: Case.all) func `rows transposed times gates`(shape: Case) {
    shape.onPath { width in
      // The rows are summed over.
      let (rows, columns, units, gates) = (shape.inner, shape.rows, shape.units, shape.gates)
      let (blocks, panels) = (count(units, width), count(columns, width))
      let input = numbers(rows * columns, seed: 1)
      let left = numberless(panels * rows * width)
      shape.operations.lay(rows, columns, input, left.pointer, rows * width)
      let (operand, b) = gatesOperand(shape, rows, width)
      let former = numbers(blocks * gates * columns * width, seed: 6)
      let result = Buffer(former)
      var form = product_shape()
      (form.rows, form.inner) = (columns, rows)
      (form.groups, form.panels, form.last_width) = (blocks, gates, width)
      (form.left_transposed, form.left_block) = (1, rows * width)
      (form.right_panel, form.right_group) = (rows * width, gates * rows * width)
      (form.result_row, form.result_panel) = (width, columns * width)
      form.result_group = gates * columns * width
      shape.operations.multiply(&form, left.pointer, operand.pointer, result.pointer, nil, 1)
      let a = shape.rounded(input)
      var wrong = Comparison()
      for block in 0..<blocks {
        for gate in 0..<gates {
          for column in 0..<columns {
            for unit in block * width..<min((block + 1) * width, units) {
              let place =
                ((block * gates + gate) * columns + column) * width + unit - block * width
              let sum = (0..<rows).reduce(Double(former[place])) {
                $0 + Double(a[$1 * columns + column])
                  * Double(b[($1 * gates + gate) * units + unit])
              }
              wrong.add(result[place], sum)
            }
          }
        }
      }
      #expect(wrong.relative < shape.tolerance)
    }
  }

  @Test(arguments: Case.all) func `gates are added to the rows of their words`(shape: Case) {
    shape.onPath { width in
      let (rows, units, gates) = (shape.rows, shape.units, shape.gates)
      let (operand, values) = gatesOperand(shape, rows, width)
      let words = (0..<rows).map { Int32($0 * 3 % 5) }
      let blocks = count(units, width)
      let sums = Buffer<Float>(count: blocks * gates * 5 * width)
      shape.operations.scatterAdd(
        rows, blocks * gates, words, operand.pointer, rows * width, sums.pointer, 5 * width)
      var wrong = Comparison()
      for word in 0..<5 {
        for gate in 0..<gates {
          for unit in 0..<units {
            let sum = (0..<rows).filter { words[$0] == word }.reduce(0.0) {
              $0 + Double(values[($1 * gates + gate) * units + unit])
            }
            let panel = unit / width * gates + gate
            wrong.add(sums[(panel * 5 + word) * width + unit % width], sum)
          }
        }
      }
      #expect(wrong.relative < shape.tolerance)
    }
  }

  // MARK: Pieces

  /// The largest difference over the largest number.
  private struct Comparison {
    private var difference = 0.0
    private var scale = 1e-3
    var relative: Double { difference / scale }

    mutating func add(_ actual: Float, _ expected: Double) {
      let distance = abs(Double(actual) - expected)
      difference = distance.isNaN ? .infinity : max(difference, distance)
      scale = max(scale, abs(expected))
    }
  }

  /// Gradients of gates [block][gate][rows][P] as an operand, and rounded as [row][gate][unit].
  private func gatesOperand(
    _ shape: Case, _ rows: Int, _ width: Int
  ) -> (operand: Buffer<Float>, values: [Float]) {
    let (units, gates) = (shape.units, shape.gates)
    let blocks = count(units, width)
    let values = numbers(rows * gates * units, seed: 4)
    let operand = Buffer<Float>(count: blocks * gates * rows * width)
    for row in 0..<rows {
      for gate in 0..<gates {
        for unit in 0..<units {
          let panel = unit / width * gates + gate
          operand[(panel * rows + row) * width + unit % width] =
            values[(row * gates + gate) * units + unit]
        }
      }
    }
    if shape.isRounded {
      bf16_panels_round_float(rows, blocks * gates, operand.pointer, rows * width)
    }
    return (operand, shape.rounded(values))
  }

  private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = Philox(seed: seed).sequence(.generator)
    return (0..<count).map { _ in Float(random.uniform() * 2 - 1) }
  }

  /// Memory that says so where nothing was written before it is read.
  private func numberless(_ count: Int) -> Buffer<Float> {
    Buffer([Float](repeating: .nan, count: count))
  }

  private func count(_ whole: Int, _ width: Int) -> Int { (whole + width - 1) / width }
}
