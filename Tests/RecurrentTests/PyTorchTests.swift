import Recurrent
import TestSupport
import Testing

/// Results, gradients and training against PyTorch's, for every cell and optimizer.
@Suite struct PyTorchTests {
  @Test func `results and gradients agree`() throws {
    for reference in try Reference.all() {
      let batch = try reference.batch(Float.self)
      let model = try reference.model(Float.self)
      let places = reference.places(batch)
      let logits = model.forward(batch)
      let expected = places.flatMap { place in
        reference.logits[place * logits.columns..<(place + 1) * logits.columns]
      }
      #expect(relativeDifference(logits.elements, expected) < 1e-5, "\(reference.name)")

      let state = RecurrentState<Float>(reference.plan)
      model.copyState(of: batch, into: state)
      for (ours, theirs) in zip([state.hidden, state.memory], reference.states) {
        // Theirs is in the order of the file, ours in that of the batch.
        let (count, width) = (batch.sequenceCount, reference.plan.hidden)
        var sorted: [Float] = []
        for layer in 0..<state.layers {
          for sequence in batch.order {
            let start = (layer * count + sequence) * width
            sorted += theirs[start..<start + width]
          }
        }
        #expect(relativeDifference(ours.elements, sorted) < 1e-5, "\(reference.name)")
      }

      let upstream = Matrix<Float>()
      let targets = places.map { reference.targets[$0] }
      let loss = Loss.crossEntropy(logits, targets: targets, gradient: upstream)
      #expect(abs(loss.mean - reference.loss) < 1e-5 * reference.loss, "\(reference.name)")
      #expect(loss.count == reference.targets.count - 1)

      model.backward(upstream)
      for entry in model.layout.entries {
        let gradient = try #require(reference.gradients[entry.name])
        let difference = relativeDifference(
          Array(model.gradient.buffer.elements[entry.range]), gradient)
        #expect(difference < 1e-5, "\(entry.name) of \(reference.name)")
      }
    }
  }

  @Test func `fifty steps of training agree`() throws {
    for reference in try Reference.all() {
      let batch = try reference.batch(Float.self)
      let model = try reference.model(Float.self)
      let optimizer = Optimizer<Float>(reference.optimizer, model.layout)
      let targets = reference.places(batch).map { reference.targets[$0] }
      let upstream = Matrix<Float>()
      for expected in reference.losses {
        model.zeroGradient()
        let loss = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
        #expect(abs(loss.mean - expected) < 1e-4 * expected, "\(reference.name)")
        model.backward(upstream)
        reference.clip.apply(to: model.gradient)
        optimizer.step(model.parameters, model.gradient, learningRate: reference.rate)
      }
      #expect(optimizer.steps == 50)
      for entry in model.layout.entries {
        let trained = try #require(reference.trained[entry.name])
        let difference = relativeDifference(
          Array(model.parameters.elements[entry.range]), trained)
        #expect(difference < 1e-4, "\(entry.name) of \(reference.name)")
      }
    }
  }
}
