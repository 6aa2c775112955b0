import CKernels

/// How the sums of a layer lie in panels, and its products with them.
///
/// The units are cut into blocks of P; the sums of a block are some panels of P columns, one after the
/// other. The gates of a chunk of R rows are [block][panel][R][P], its weights [block][panel][inner][P]:
/// a product writes, a cell reads and the products of the way back read what lies side by side.
///
/// The operands of the products have the precision of the model: they are made by laying rows, by packing
/// weights and by rounding gradients of gates, each of them once. All else is S.
struct GatePanels<S: Scalar> {
  let kernels = S.kernels
  fileprivate let products: PanelProducts<S>
  /// H
  let units: Int
  /// Panels of a block.
  let panels: Int
  /// P
  let width = S.kernels.panelWidth()
  /// Blocks of units.
  let blocks: Int

  init(units: Int, panels: Int, precision: ModelPlan.Precision) {
    products = S.kernels.panelProducts(precision)
    self.units = units
    self.panels = panels
    blocks = (units + width - 1) / width
  }

  /// Whether states are multiplied with all panels of weights at once, not block by block.
  var isWhole: Bool { products.isWhole(units) }

  /// Columns of all panels: what a row of the gates takes.
  var columns: Int { blocks * panels * width }

  /// The first scalar of a panel in gates of `rows` rows.
  func offset(block: Int, panel: Int, rows: Int) -> Int {
    (block * panels + panel) * rows * width
  }

  /// Panels of rows of `columns` numbers.
  func panels(_ columns: Int) -> Int { (columns + width - 1) / width }

  /// Lays rows that follow each other into panels, `panelRows` rows apart, as an operand.
  func lay(
    _ from: UnsafePointer<S>, rows: Int, columns: Int, into to: UnsafeMutablePointer<S>,
    panelRows: Int
  ) {
    products.lay(rows, columns, from, to, panelRows * width)
  }

  /// Makes an operand of gradients of gates, in place, when nobody needs them as they are any more: of some
  /// panels [rows][P], `stride` scalars apart.
  func round(_ gates: UnsafeMutablePointer<S>, panels: Range<Int>, rows: Int, stride: Int) {
    products.round?(rows, panels.count, gates + panels.lowerBound * stride, stride)
  }

  /// distinct[index[r]] += gates[r] for the rows of a chunk, whose gates are an operand.
  func scatterAdd(
    _ gates: UnsafePointer<S>, chunkRows: Int, index: UnsafePointer<Int32>,
    into distinct: UnsafeMutablePointer<S>, distinctRows: Int
  ) {
    products.scatterAdd(
      chunkRows, blocks * panels, index, gates, chunkRows * width, distinct, distinctRows * width)
  }

  /// Adds left [rows, inner] · weightsᵀ to the sums of some panels, or sets them to start + product. The
  /// left operand lies in panels, `leftRows` rows apart.
  func multiply(
    _ left: UnsafePointer<S>, leftRows: Int, rows: Int, inner: Int, weights: Panels<S>,
    blocks range: Range<Int>, start: UnsafePointer<S>? = nil,
    into gates: UnsafeMutablePointer<S>, chunkRows: Int
  ) {
    precondition(!products.isWhole(inner) || range == 0..<blocks, "some blocks of whole weights")
    let panel = chunkRows * width
    let count = weights.count
    var shape = product_shape()
    (shape.rows, shape.inner) = (rows, inner)
    (shape.groups, shape.panels, shape.last_width) = (range.count, count, width)
    (shape.left_panels, shape.left_block) = (panels(inner), leftRows * width)
    (shape.right_panel, shape.right_group) = (weights.panelStride, count * weights.panelStride)
    (shape.result_row, shape.result_panel) = (width, panel)
    shape.result_group = panels * panel
    products.multiply(
      &shape, left, weights.pointer + range.lowerBound * shape.right_group,
      gates + offset(block: range.lowerBound, panel: weights.first, rows: chunkRows),
      start, start == nil ? 1 : 0)
  }

  /// result [rows, H] = start + left [rows, inner] · weightsᵀ, row by row, where there is one panel a block.
  func multiplyPlain(
    _ left: UnsafePointer<S>, rows: Int, inner: Int, weights: Panels<S>, start: UnsafePointer<S>,
    into result: UnsafeMutablePointer<S>
  ) {
    var shape = product_shape()
    (shape.rows, shape.inner) = (rows, inner)
    (shape.groups, shape.panels) = (1, blocks)
    shape.last_width = units - (blocks - 1) * width
    (shape.left_panels, shape.left_block) = (panels(inner), rows * width)
    shape.right_panel = weights.panelStride
    (shape.result_row, shape.result_panel) = (units, width)
    products.multiply(&shape, left, weights.pointer, result, start, 0)
  }

  /// result [rows, columns] += (or =) gates · weights, for the columns of some panels of `weights`.
  func multiplyBack(
    _ gates: UnsafePointer<S>, chunkRows: Int, rows: Int, weights: BackPanels<S>,
    columns range: Range<Int>, into result: UnsafeMutablePointer<S>, stride: Int, adding: Bool
  ) {
    let first = range.lowerBound / width
    var shape = product_shape()
    shape.rows = rows
    shape.inner = blocks * weights.count * width
    precondition(
      !products.isWhole(shape.inner) || range == 0..<weights.columns,
      "some columns of whole weights")
    (shape.groups, shape.panels) = (1, (range.count + width - 1) / width)
    shape.last_width = range.count - (shape.panels - 1) * width
    shape.left_panels = weights.count
    shape.left_block = chunkRows * width
    shape.left_group = panels * chunkRows * width
    shape.right_panel = weights.panelStride
    (shape.result_row, shape.result_panel) = (stride, width)
    products.multiply(
      &shape, gates + weights.first * chunkRows * width,
      weights.pointer + first * shape.right_panel, result + range.lowerBound, nil, adding ? 1 : 0)
  }

  /// gradient [block][panel][inner][P] += leftᵀ · gates over the rows of a chunk; the left operand lies
  /// in panels.
  func accumulate(
    _ left: UnsafePointer<S>, gates: UnsafePointer<S>, chunkRows: Int, inner: Int,
    into gradient: PanelGradients<S>
  ) {
    let count = gradient.count
    var shape = product_shape()
    (shape.rows, shape.inner) = (inner, chunkRows)
    (shape.groups, shape.panels, shape.last_width) = (blocks, count, width)
    (shape.left_transposed, shape.left_block) = (1, chunkRows * width)
    shape.right_panel = chunkRows * width
    shape.right_group = panels * shape.right_panel
    (shape.result_row, shape.result_panel) = (width, inner * width)
    shape.result_group = count * shape.result_panel
    products.multiply(
      &shape, left, gates + gradient.first * shape.right_panel, gradient.pointer, nil, 1)
  }
}

/// Weights as the right operand, for some panels of each block: [block][panel], in the form of the kernels.
final class Panels<S: Scalar> {
  /// The first of the block's panels, and the gate of each.
  let first: Int
  let gates: [Int32]
  /// From one panel to the next.
  let panelStride: Int
  private let form: GatePanels<S>
  private let inner: Int
  private let storage: Matrix<S>

  init(_ form: GatePanels<S>, first: Int, gates: [Int32], inner: Int) {
    (self.form, self.first, self.gates, self.inner) = (form, first, gates, inner)
    panelStride = form.products.depth(inner) * form.width
    storage = Matrix(rows: form.blocks * gates.count, columns: panelStride)
  }

  var count: Int { gates.count }
  var pointer: UnsafeMutablePointer<S> { storage.pointer }

  /// Takes weights [gates·H, inner].
  func pack(_ weights: UnsafePointer<S>) {
    form.products.pack(form.units, inner, count, gates, weights, pointer)
  }
}

/// The gradients of such weights, sums of S: [block][panel][inner][P].
final class PanelGradients<S: Scalar> {
  let first: Int
  let gates: [Int32]
  private let form: GatePanels<S>
  private let inner: Int
  private let storage: Matrix<S>

  init(_ form: GatePanels<S>, first: Int, gates: [Int32], inner: Int) {
    (self.form, self.first, self.gates, self.inner) = (form, first, gates, inner)
    storage = Matrix(rows: form.blocks * gates.count, columns: inner * form.width)
  }

  var count: Int { gates.count }
  var pointer: UnsafeMutablePointer<S> { storage.pointer }

  func zero() { storage.zero() }

  /// Adds itself to weights [gates·H, inner].
  func add(to weights: UnsafeMutablePointer<S>) {
    form.kernels.panelsUnpackAdd(form.units, inner, count, gates, pointer, weights)
  }
}

/// Weights [gates·H, columns] as the right operand of the way back.
final class BackPanels<S: Scalar> {
  let first: Int
  let gates: [Int32]
  let panelStride: Int
  private let form: GatePanels<S>
  let columns: Int
  private let storage: Matrix<S>

  init(_ form: GatePanels<S>, first: Int, gates: [Int32], columns: Int) {
    (self.form, self.first, self.gates, self.columns) = (form, first, gates, columns)
    panelStride = form.products.depth(form.blocks * gates.count * form.width) * form.width
    storage = Matrix(rows: form.panels(columns), columns: panelStride)
  }

  var count: Int { gates.count }
  var pointer: UnsafeMutablePointer<S> { storage.pointer }

  func pack(_ weights: UnsafePointer<S>) {
    form.products.packBack(form.units, columns, count, gates, weights, pointer)
  }
}
