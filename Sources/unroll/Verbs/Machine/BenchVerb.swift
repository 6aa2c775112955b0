import ArgumentParser
import FoundationEssentials
import Orchestration

struct BenchVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure this machine.",
    subcommands: [BenchCellsVerb.self, BenchQueueVerb.self])
}

struct BenchCellsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cells", abstract: "Time training steps of rnn, lstm and gru of six shapes.",
    discussion: """
      A step is forward, the loss of a 10-way head on the last output, backward, clipping at norm 1 \
      and Adam. The figure is the median step; beside it stands what the core's multiply-adds reach \
      by themselves in float32, since the clock of a machine moves. UNROLL_KERNELS forces the loops \
      of a smaller CPU.
      """)

  @Option(help: "Shapes, separated by commas: tiny, spam, har, charlm, long, wide.")
  var only: String?
  @Option(help: "One cell only: rnn, lstm or gru.")
  var cell: String?
  @Option(help: "The numbers that products multiply: float32 or bf16.")
  var precision = CellBenchmark.precisions[0]
  @Option(help: "Seconds a row is measured.")
  var seconds = 2.0
  @Option(help: "Models trained side by side, each on a thread of its own.")
  var threads = 1
  @Flag(help: "Print JSON, one object a line.")
  var json = false

  func validate() throws {
    if !(seconds > 0) { throw ValidationError("--seconds must be above 0.") }
    if threads < 1 { throw ValidationError("--threads must be at least 1.") }
    if let cell, !CellBenchmark.cells.contains(cell) {
      throw ValidationError("--cell: no cell is named '\(cell)'.")
    }
    if !CellBenchmark.precisions.contains(precision) {
      throw ValidationError("--precision: no precision is named '\(precision)'.")
    }
    for name in names where !CellBenchmark.shapes.contains(where: { $0.name == name }) {
      throw ValidationError("--only: no shape is named '\(name)'.")
    }
  }

  private var names: [String] {
    only?.listedNames ?? CellBenchmark.shapes.map(\.name)
  }

  func run() throws {
    var benchmark = CellBenchmark()
    benchmark.seconds = seconds
    benchmark.threads = threads
    benchmark.precision = precision
    for shape in CellBenchmark.shapes where names.contains(shape.name) {
      for cell in CellBenchmark.cells where self.cell == nil || self.cell == cell {
        let row = benchmark.measure(shape, cell)
        Terminal.write((json ? try Self.line(row) : Self.text(row)) + "\n")
      }
    }
  }

  private static func line(_ row: CellBenchmark.Row) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(row), as: UTF8.self)
  }

  private static func text(_ row: CellBenchmark.Row) -> String {
    let sizes = "B\(row.batch) T\(row.steps) I\(row.input) H\(row.hidden)"
    func pad(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    return pad(row.shape, 7) + pad(row.cell, 5) + pad(sizes, 22) + pad(row.precision, 8)
      + pad("\(Format.number(row.ms)) ms", 12)
      + "\(Format.decimal(row.gflops, places: 1)) GFLOP/s of \(Format.decimal(row.peak, places: 0)), \(row.kernels)"
  }
}
