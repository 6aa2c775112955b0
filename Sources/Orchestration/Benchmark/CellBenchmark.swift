internal import Dispatch
internal import Philox
internal import Recurrent

/// One training step of a layer of recurrent cells, timed: forward, cross-entropy of a 10-way head on
/// the last output, backward, clipping at norm 1, Adam. The input of the step needs no gradient.
public struct CellBenchmark: Sendable {
  /// The sizes of a step.
  public struct Shape: Hashable, Sendable {
    /// What the shape stands for.
    public var name: String
    /// Sequences.
    public var batch: Int
    /// Steps of each sequence.
    public var steps: Int
    /// The width of the input.
    public var input: Int
    /// Units.
    public var hidden: Int
  }

  /// What was measured.
  public struct Row: Codable, Sendable {
    /// The name of the shape.
    public var shape: String
    /// The cell.
    public var cell: String
    /// Sequences.
    public var batch: Int
    /// Steps of each sequence.
    public var steps: Int
    /// The width of the input.
    public var input: Int
    /// Units.
    public var hidden: Int
    /// The numbers that the products multiplied.
    public var precision: String
    /// The median step, in milliseconds.
    public var ms: Double
    /// Products of forward and backward, 3 · 2 · batch · steps · gates · hidden · (input + hidden)
    /// operations, over the median step.
    public var gflops: Double
    /// What the core's multiply-adds reach by themselves, in float32, measured right after the steps.
    public var peak: Double
    /// The loops that this CPU takes.
    public var kernels: String
  }

  /// From the adding problem to layers that are bound by arithmetic.
  public static let shapes = [
    Shape(name: "tiny", batch: 16, steps: 50, input: 2, hidden: 32),
    Shape(name: "spam", batch: 32, steps: 32, input: 64, hidden: 64),
    Shape(name: "har", batch: 64, steps: 128, input: 9, hidden: 128),
    Shape(name: "charlm", batch: 32, steps: 64, input: 64, hidden: 256),
    Shape(name: "long", batch: 16, steps: 784, input: 1, hidden: 128),
    Shape(name: "wide", batch: 64, steps: 128, input: 512, hidden: 512),
  ]

  /// The cells that are measured.
  public static let cells = ModelPlan.Cell.allCases.map(\.rawValue)

  /// The numbers that products can multiply.
  public static let precisions = ModelPlan.Precision.allCases.map(\.rawValue)

  /// How long each row is measured, after two steps that do not count.
  public var seconds = 2.0
  /// Models trained side by side, each on a thread of its own: what slots of a worker do.
  public var threads = 1
  /// One of ``precisions``.
  public var precision = precisions[0]

  /// A benchmark of two seconds a row on one thread, in float32.
  public init() {}

  /// Measures one row.
  ///
  /// - Parameters:
  ///   - shape: Its sizes.
  ///   - cell: One of ``cells``.
  /// - Returns: The median step, and the peak right after it.
  public func measure(_ shape: Shape, _ cell: String) -> Row {
    guard let cell = ModelPlan.Cell(rawValue: cell) else {
      preconditionFailure("no cell is named \(cell)")
    }
    guard let precision = ModelPlan.Precision(rawValue: precision) else {
      preconditionFailure("no precision is named \(precision)")
    }
    var plan = ModelPlan(
      input: .values(channels: shape.input), cell: cell, hidden: shape.hidden, outputs: 10)
    plan.precision = precision
    let medians = Locked([Double]())
    DispatchQueue.concurrentPerform(iterations: threads) { [plan] _ in
      let median = medianStep(shape, plan)
      medians.withLock { $0.append(median) }
    }
    let ms = medians.withLock { $0.reduce(0, +) / Double($0.count) } * 1e3
    let products =
      6.0 * Double(shape.batch * shape.steps * plan.gates * shape.hidden)
      * Double(shape.input + shape.hidden)
    return Row(
      shape: shape.name, cell: cell.rawValue, batch: shape.batch, steps: shape.steps,
      input: shape.input, hidden: shape.hidden, precision: precision.rawValue, ms: ms,
      gflops: products / ms / 1e6, peak: Self.peak(), kernels: KernelPath.current)
  }

  /// Operations a second, in 10⁹: the best of five short loops.
  static func peak() -> Double {
    var best = 0.0
    for _ in 0..<5 {
      let start = ContinuousClock.now
      let operations = KernelPath.probePeak(rounds: 2_000_000)
      best = max(best, operations / (ContinuousClock.now - start).inSeconds / 1e9)
    }
    return best
  }

  private func medianStep(_ shape: Shape, _ plan: ModelPlan) -> Double {
    let step = TimedStep(shape, plan)
    for _ in 0..<2 { step.run() }
    var times: [Double] = []
    let start = ContinuousClock.now
    while times.count < 3 || (ContinuousClock.now - start).inSeconds < seconds {
      let before = ContinuousClock.now
      step.run()
      times.append((ContinuousClock.now - before).inSeconds)
    }
    return times.sorted()[times.count / 2]
  }
}

/// A model, a batch and an optimizer.
private final class TimedStep {
  private let model: Model<Float>
  private let optimizer: Optimizer<Float>
  private let batch: PackedBatch<Float>
  private let targets: [Int32]
  private let upstream = Matrix<Float>()

  init(_ shape: CellBenchmark.Shape, _ plan: ModelPlan) {
    let philox = Philox(seed: 0, trial: 0)
    var random = philox.sequence(.generator)
    model = Model(plan)
    model.initialize(philox)
    optimizer = Optimizer(.adam(), model.layout)
    batch = PackedBatch(
      values: (0..<shape.batch).map { _ in
        (0..<shape.steps * shape.input).map { _ in Float(random.uniform() * 2 - 1) * 1.7 }
      }, channels: shape.input)
    targets = (0..<shape.batch).map { _ in Int32(random.uniform() * 10) }
  }

  func run() {
    let scores = model.forward(batch)
    _ = Loss.crossEntropy(scores, targets: targets, gradient: upstream)
    model.zeroGradient()
    model.backward(upstream)
    Clip.norm(1).apply(to: model.gradient)
    optimizer.step(model.parameters, model.gradient, learningRate: 1e-3)
  }
}
