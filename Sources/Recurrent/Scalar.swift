import CKernels

/// A number that models compute with: `Float` ships, `Double` checks it.
public protocol Scalar: BinaryFloatingPoint, Sendable {
  /// The loops for this type.
  static var kernels: Kernels<Self> { get }
}

extension Float: Scalar {
  private static let products = PanelProducts<Float>(
    depth: panel_depth_float, isWhole: { product_is_whole_float($0) != 0 }, lay: panels_lay_float,
    pack: panels_pack_float, packBack: panels_pack_back_float, multiply: product_float, round: nil,
    scatterAdd: panels_scatter_add_float)

  private static let bf16Products = PanelProducts<Float>(
    depth: bf16_panel_depth_float, isWhole: { _ in false }, lay: bf16_panels_lay_float,
    pack: bf16_panels_pack_float, packBack: bf16_panels_pack_back_float,
    multiply: bf16_product_float, round: bf16_panels_round_float,
    scatterAdd: bf16_panels_scatter_add_float)

  /// The loops of CKernels in single precision.
  public static let kernels = Kernels<Float>(
    rnnForward: rnn_forward_float, rnnBackward: rnn_backward_float,
    lstmForward: lstm_forward_float, lstmBackward: lstm_backward_float,
    gruForward: gru_forward_float, gruBackward: gru_backward_float,
    gruResetForward: gru_reset_forward_float, gruResetFinish: gru_reset_finish_float,
    gruResetBackward: gru_reset_backward_float, gruResetBegin: gru_reset_begin_float,
    rowsFill: rows_fill_float, rowsMove: rows_move_float,
    rowsLargest: rows_largest_float, rowsSpreadLargest: rows_spread_largest_float,
    rowsGather: rows_gather_float,
    rowsScatterAdd: rows_scatter_add_float, rowsSpread: rows_spread_float,
    columnsAdd: columns_add_float, vectorAdd: vector_add_float,
    vectorMultiply: vector_multiply_float, vectorScale: vector_scale_float,
    vectorClamp: vector_clamp_float, vectorSquareSum: vector_square_sum_float,
    vectorMask: vector_mask_float, vectorTanh: vector_tanh_float,
    vectorSigmoid: vector_sigmoid_float, vectorExp: vector_exp_float,
    softmax: softmax_float, crossEntropy: cross_entropy_float,
    numberLoss: number_loss_float, sgdStep: sgd_step_float,
    rmspropStep: rmsprop_step_float, adamStep: adam_step_float,
    panelWidth: panel_width_float, panelsUnpackAdd: panels_unpack_add_float,
    panelsGather: panels_gather_float,
    panelProducts: { $0 == .bf16 ? bf16Products : products }, bf16Round: bf16_round_float,
    normalizeForward: normalize_forward_float, normalizeBackward: normalize_backward_float,
    peakProbe: peak_probe_float, peakProbeOperations: peak_probe_operations_float
  )
}

extension Double: Scalar {
  private static let products = PanelProducts<Double>(
    depth: panel_depth_double, isWhole: { product_is_whole_double($0) != 0 },
    lay: panels_lay_double,
    pack: panels_pack_double, packBack: panels_pack_back_double, multiply: product_double,
    round: nil,
    scatterAdd: panels_scatter_add_double)

  /// The loops of CKernels in double precision.
  public static let kernels = Kernels<Double>(
    rnnForward: rnn_forward_double, rnnBackward: rnn_backward_double,
    lstmForward: lstm_forward_double, lstmBackward: lstm_backward_double,
    gruForward: gru_forward_double, gruBackward: gru_backward_double,
    gruResetForward: gru_reset_forward_double, gruResetFinish: gru_reset_finish_double,
    gruResetBackward: gru_reset_backward_double, gruResetBegin: gru_reset_begin_double,
    rowsFill: rows_fill_double, rowsMove: rows_move_double,
    rowsLargest: rows_largest_double, rowsSpreadLargest: rows_spread_largest_double,
    rowsGather: rows_gather_double,
    rowsScatterAdd: rows_scatter_add_double, rowsSpread: rows_spread_double,
    columnsAdd: columns_add_double, vectorAdd: vector_add_double,
    vectorMultiply: vector_multiply_double, vectorScale: vector_scale_double,
    vectorClamp: vector_clamp_double, vectorSquareSum: vector_square_sum_double,
    vectorMask: vector_mask_double, vectorTanh: vector_tanh_double,
    vectorSigmoid: vector_sigmoid_double, vectorExp: vector_exp_double,
    softmax: softmax_double, crossEntropy: cross_entropy_double,
    numberLoss: number_loss_double, sgdStep: sgd_step_double,
    rmspropStep: rmsprop_step_double, adamStep: adam_step_double,
    panelWidth: panel_width_double, panelsUnpackAdd: panels_unpack_add_double,
    panelsGather: panels_gather_double,
    panelProducts: { _ in products },
    bf16Round: { count, from, to in to.copy(from: from, count: count) },
    normalizeForward: normalize_forward_double, normalizeBackward: normalize_backward_double,
    peakProbe: peak_probe_double, peakProbeOperations: peak_probe_operations_double
  )
}
