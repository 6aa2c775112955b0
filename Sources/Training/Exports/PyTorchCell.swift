internal import Recurrent

/// Layers that torch has none of, as a module of Python: the parameters by our names, and a loop over
/// the steps.
struct PyTorchCell {
  let plan: ModelPlan

  init(_ plan: ModelPlan) { self.plan = plan }

  private var isNormalized: Bool { plan.normalization == .layer }
  private var ways: String { plan.isBidirectional ? "\"\", \"_reverse\"" : "\"\"," }
  private var panels: Int {
    plan.cell == .gru && plan.reset == .after ? 4 : plan.gates
  }

  var text: String {
    """
    class Recurrent(nn.Module):
        \"\"\"Steps [batch, time, width] and lengths [batch] in, states [batch, time, \(plan.outputWidth)] out.

        Written out, since torch.nn.\(plan.cell.rawValue.uppercased()) has
        no \(missing).
        \"\"\"

        def __init__(self):
            super().__init__()
            widths = [\(widths)]
            for layer, width in enumerate(widths):
                for way in (\(ways)):
                    for name, shape in {
    \(shapes.map { "                    \"\($0)\": (\($1))," }.joined(separator: "\n"))
                    }.items():
                        parameter = nn.Parameter(torch.zeros(shape))
                        self.register_parameter(f"{name}_l{layer}{way}", parameter)

        def forward(self, steps, lengths):
            valid = torch.arange(steps.shape[1]) < lengths[:, None]
            for layer in range(\(plan.layers)):
                states = [self.walk(steps, valid, f"l{layer}{way}") for way in (\(ways))]
    \(advance)
            return steps

        def walk(self, steps, valid, name):
            \"\"\"The states [batch, time, \(plan.hidden)] of one layer and way.\"\"\"
            weights = {key.removesuffix(f"_{name}"): value
                       for key, value in self.named_parameters() if key.endswith(f"_{name}")}
            products = steps @ weights["weight_ih"].T\(isNormalized ? "" : " + weights[\"bias_ih\"]")
            hidden = memory = steps.new_zeros(len(steps), \(plan.hidden))
            states = [hidden] * steps.shape[1]
            times = range(steps.shape[1])
            for time in reversed(times) if name.endswith("_reverse") else times:
                after = self.cell(weights, products[:, time], hidden, memory)
                # Padding leaves the states as they are.
                running = valid[:, time, None]
                hidden = torch.where(running, after[0], hidden)
                memory = torch.where(running, after[1], memory)
                states[time] = hidden
            return torch.stack(states, dim=1)

        def cell(self, weights, products, hidden, memory):
            \"\"\"One step: the new h and c.\"\"\"
    \(cell)\(isNormalized ? "\n\n" + norm : "")
    """
  }

  /// What torch's own layer cannot do.
  private var missing: String {
    var options: [String] = []
    if plan.peepholes { options.append("peepholes") }
    if plan.cell == .gru, plan.reset == .before { options.append("reset before the product") }
    if isNormalized { options.append("layer normalization") }
    if plan.isResidual, plan.layers > 1 { options.append("residual layers") }
    return options.joined(separator: ", no ")
  }

  private var widths: String {
    ([plan.inputWidth] + [Int](repeating: plan.outputWidth, count: plan.layers - 1))
      .map(String.init).joined(separator: ", ")
  }

  private var advance: String {
    plan.isResidual && plan.layers > 1
      ? "            steps = torch.cat(states, dim=-1) + (steps if layer > 0 else 0)"
      : "            steps = torch.cat(states, dim=-1)"
  }

  private var shapes: [(String, String)] {
    let sums = plan.gates * plan.hidden
    var shapes = [
      ("weight_ih", "\(sums), width"), ("weight_hh", "\(sums), \(plan.hidden)"),
    ]
    shapes +=
      isNormalized
      ? [("norm_weight", "\(panels), \(plan.hidden)"), ("norm_bias", "\(panels), \(plan.hidden)")]
      : [("bias_ih", "\(sums),"), ("bias_hh", "\(sums),")]
    if plan.peepholes { shapes.append(("weight_peephole", "3, \(plan.hidden)")) }
    return shapes
  }

  // MARK: One step

  private var norm: String {
    """
        @staticmethod
        def norm(weights, sums, row):
            \"\"\"Layer normalization of one gate's sums.\"\"\"
            weight, bias = weights["norm_weight"][row], weights["norm_bias"][row]
            return nn.functional.layer_norm(sums, sums.shape[-1:], weight, bias, eps=1e-5)
    """
  }

  private func normalized(_ sums: String, _ row: Int) -> String {
    isNormalized ? "self.norm(weights, \(sums), \(row))" : sums
  }

  private var cell: String {
    let lines =
      switch plan.cell {
      case .rnn: rnn
      case .lstm: lstm
      case .gru: plan.reset == .after ? gru : resetBefore
      }
    return lines.map { "        " + $0 }.joined(separator: "\n")
  }

  private var recurrentProduct: String {
    "hidden @ weights[\"weight_hh\"].T" + (isNormalized ? "" : " + weights[\"bias_hh\"]")
  }

  private var rnn: [String] {
    let sums = normalized("(products + \(recurrentProduct))", 0)
    return [
      "hidden = torch.\(plan.nonlinearity.rawValue)(\(sums))", "return hidden, memory",
    ]
  }

  private var lstm: [String] {
    var lines = ["sums = products + \(recurrentProduct)", "i, f, g, o = sums.chunk(4, dim=-1)"]
    if isNormalized {
      lines.append(
        "i, f, g, o = (self.norm(weights, gate, row) for row, gate in enumerate((i, f, g, o)))")
    }
    if plan.peepholes {
      lines += [
        "see_i, see_f, see_o = weights[\"weight_peephole\"]",
        "i, f = i + see_i * memory, f + see_f * memory",
      ]
    }
    lines.append("memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)")
    if plan.peepholes { lines.append("o = o + see_o * memory") }
    lines.append("return torch.sigmoid(o) * torch.tanh(memory), memory")
    return lines
  }

  private var gru: [String] {
    [
      "x_r, x_z, x_n = products.chunk(3, dim=-1)",
      "u_r, u_z, u_n = (\(recurrentProduct)).chunk(3, dim=-1)",
      "r = torch.sigmoid(\(normalized("x_r + u_r", 1)))",
      "z = torch.sigmoid(\(normalized("x_z + u_z", 2)))",
      "n = torch.tanh(\(normalized("x_n", 0)) + r * \(normalized("u_n", 3)))",
      "return (1 - z) * n + z * hidden, memory",
    ]
  }

  /// The original unit: the reset gate acts on the state before the product.
  private var resetBefore: [String] {
    let units = plan.hidden
    let bias = isNormalized ? "" : " + weights[\"bias_hh\"]"
    func part(_ rows: String) -> String {
      bias.isEmpty ? "" : "\(bias)[\(rows)]"
    }
    return [
      "x_r, x_z, x_n = products.chunk(3, dim=-1)",
      "recurrent = weights[\"weight_hh\"]",
      "u_r, u_z = (hidden @ recurrent[:\(2 * units)].T\(part(":\(2 * units)"))).chunk(2, dim=-1)",
      "r = torch.sigmoid(\(normalized("x_r + u_r", 1)))",
      "z = torch.sigmoid(\(normalized("x_z + u_z", 2)))",
      "u_n = (r * hidden) @ recurrent[\(2 * units):].T\(part("\(2 * units):"))",
      "n = torch.tanh(\(normalized("x_n + u_n", 0)))",
      "return (1 - z) * n + z * hidden, memory",
    ]
  }
}
