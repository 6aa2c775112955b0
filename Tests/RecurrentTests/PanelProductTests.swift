import CKernels
import Philox
import Recurrent
import TestSupport
import Testing

/// The products of precision bf16 against sums in Double of the rounded numbers, on every path and on
/// emulated tiles, for shapes on both sides of tiles, slabs and blocks.
@Suite struct PanelProductTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var path: String
    var rows, inner, units: Int
    var gates = 2
    var testDescription: String { "\(path) \(rows)×\(inner)×\(units)" }

    static let all = (KernelPath.available + [KernelPath.emulated]).flatMap { path in
      [
        (1, 1, 1), (3, 31, 15), (16, 32, 16), (17, 33, 31), (32, 64, 32), (33, 65, 33),
        (47, 95, 40), (130, 70, 64), (161, 9, 97), (5, 300, 50), (300, 40, 7), (600, 300, 40),
        // More weights than stay in the cache.
        (33, 512, 520),
      ].map { Case(path: path, rows: $0.0, inner: $0.1, units: $0.2) }
    }

    /// Runs `body` on the path, with its panel width.
    func onPath(_ body: (_ width: Int) -> Void) {
      KernelPath.using(path) { withDenormalsFlushed { body(panel_width_float()) } }
    }
  }

  @Test(arguments: Case.all) func `rows times packed weights`(shape: Case) {
    shape.onPath { width in
      let (rows, inner, units, gates) = (shape.rows, shape.inner, shape.units, shape.gates)
      let (blocks, panels) = (count(units, width), count(inner, width))
      let input = numbers(rows * inner, seed: 1)
      let weights = numbers(gates * units * inner, seed: 2)
      let left = numberless(panels * rows * width)
      bf16_panels_lay_float(rows, inner, input, left.pointer, rows * width)
      let stride = bf16_panel_depth_float(inner) * width
      let packed = numberless(blocks * gates * stride)
      bf16_panels_pack_float(units, inner, gates, [1, 0], weights, packed.pointer)
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
      bf16_product_float(&form, left.pointer, packed.pointer, result.pointer, starts, 0)
      bf16_product_float(&form, left.pointer, packed.pointer, result.pointer, nil, 1)
      let (a, b) = (rounded(input), rounded(weights))
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
      #expect(wrong.relative < 1e-5)
    }
  }

  @Test(arguments: Case.all) func `gates times packed weights, into rows`(shape: Case) {
    shape.onPath { width in
      let (rows, columns, units, gates) = (shape.rows, shape.inner, shape.units, shape.gates)
      let (blocks, panels) = (count(units, width), count(columns, width))
      let weights = numbers(gates * units * columns, seed: 2)
      let (operand, a) = gatesOperand(rows, units, gates, width)
      let stride = bf16_panel_depth_float(blocks * gates * width) * width
      let packed = numberless(panels * stride)
      bf16_panels_pack_back_float(units, columns, gates, [0, 1], weights, packed.pointer)
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
      bf16_product_float(&form, operand.pointer, packed.pointer, result.pointer, nil, 1)
      let b = rounded(weights)
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
      #expect(wrong.relative < 1e-5)
    }
  }

  @Test(arguments: Case.all) func `rows transposed times gates`(shape: Case) {
    shape.onPath { width in
      // The rows are summed over.
      let (rows, columns, units, gates) = (shape.inner, shape.rows, shape.units, shape.gates)
      let (blocks, panels) = (count(units, width), count(columns, width))
      let input = numbers(rows * columns, seed: 1)
      let left = numberless(panels * rows * width)
      bf16_panels_lay_float(rows, columns, input, left.pointer, rows * width)
      let (operand, b) = gatesOperand(rows, units, gates, width)
      let former = numbers(blocks * gates * columns * width, seed: 6)
      let result = Buffer(former)
      var form = product_shape()
      (form.rows, form.inner) = (columns, rows)
      (form.groups, form.panels, form.last_width) = (blocks, gates, width)
      (form.left_transposed, form.left_block) = (1, rows * width)
      (form.right_panel, form.right_group) = (rows * width, gates * rows * width)
      (form.result_row, form.result_panel) = (width, columns * width)
      form.result_group = gates * columns * width
      bf16_product_float(&form, left.pointer, operand.pointer, result.pointer, nil, 1)
      let a = rounded(input)
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
      #expect(wrong.relative < 1e-5)
    }
  }

  @Test(arguments: Case.all) func `gates are added to the rows of their words`(shape: Case) {
    shape.onPath { width in
      let (rows, units, gates) = (shape.rows, shape.units, shape.gates)
      let (operand, values) = gatesOperand(rows, units, gates, width)
      let words = (0..<rows).map { Int32($0 * 3 % 5) }
      let blocks = count(units, width)
      let sums = Buffer<Float>(count: blocks * gates * 5 * width)
      bf16_panels_scatter_add_float(
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
      #expect(wrong.relative < 1e-5)
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
    _ rows: Int, _ units: Int, _ gates: Int, _ width: Int
  ) -> (operand: Buffer<Float>, values: [Float]) {
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
    bf16_panels_round_float(rows, blocks * gates, operand.pointer, rows * width)
    return (operand, rounded(values))
  }

  private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = Philox(seed: seed).sequence(.generator)
    return (0..<count).map { _ in Float(random.uniform() * 2 - 1) }
  }

  /// Memory that says so where nothing was written before it is read.
  private func numberless(_ count: Int) -> Buffer<Float> {
    Buffer([Float](repeating: .nan, count: count))
  }

  private func rounded(_ numbers: [Float]) -> [Float] {
    let result = Buffer<Float>(count: numbers.count)
    bf16_round_float(numbers.count, numbers, result.pointer)
    return result.elements
  }

  private func count(_ whole: Int, _ width: Int) -> Int { (whole + width - 1) / width }
}
