import Search
import Testing

@Suite struct SearchFieldTests {
  static let yaml = """
    dataset: a
    trials: 12
    search: {sampler: tpe, startup: 4, candidates: 32, multivariate: no, order: deterministic,
      window: 16, repeats: 3, warm_start: 7}
    stop: {rule: asha, eta: 4, min_epochs: 2, brackets: 2}
    objectives: [accuracy, {metric: loss, split: train}, {expression: rmse/2 + loss, goal: maximize}]
    model:
      cell: {choice: [rnn, lstm]}
      forget_bias: {uniform: [0, 2], when: {cell: lstm}}
      hidden: {int_log: [8, 256]}
    training: {rate: {log_uniform: [1e-4, 1e-1]}, epochs: 27}
    constraints: [hidden<=128 or cell=='rnn']
    try:
    - {model: {cell: lstm, forget_bias: 1}}
    - {training.rate: 0.001, hidden: 200, cell: rnn}
    """

  @Test func `fields of search and stopping are read`() throws {
    let spec = try Example.parse(Self.yaml)
    let search = spec.search
    #expect(spec.sampler == .tpe && search.startup == 4 && search.candidates == 32)
    #expect(!search.isMultivariate && search.order == .deterministic && search.window == 16)
    #expect(search.repeats == 3 && search.warmStart == [7])
    let named = try Example.parse(Self.yaml.replacing("warm_start: 7", with: "warm_start: nightly"))
    #expect(named.search.warmStart == [] && named.search.warmStartName == "nightly")
    #expect(named.warmStarting(from: 7) == spec)
    #expect(named.warmStarting(from: 7).search == search)
    let stop = spec.stop
    #expect(stop.rule == .asha && stop.eta == 4 && stop.minimumEpochs == 2 && stop.brackets == 2)
    #expect(stop.every == 1 && stop.startup == 5 && stop.warmUp == 0 && stop.patience == 5)
    #expect(stop.threshold.isEmpty && stop.tolerance == 0)
    #expect(spec.objectives.map(\.metric) == ["accuracy", "loss", "rmse / 2 + loss"])
    #expect(spec.objectives.map(\.goal) == [.maximize, .minimize, .maximize])
    #expect(spec.objectives.map(\.split) == ["validation", "train", "validation"])
    #expect(spec.objective == spec.objectives[0])
    let expression = try #require(spec.objectives[2].expression)
    #expect(expression.evaluate { ["rmse": 3.0, "loss": 1.0][$0] } == 2.5)
    #expect(
      spec.known == [
        Assignment(["model.cell": "lstm", "model.forget_bias": 1.0]),
        Assignment(["model.cell": "rnn", "model.hidden": 200, "training.rate": 0.001]),
      ])
    #expect(
      spec.space.constraints.map(\.description) == [
        "model.hidden <= 128 or model.cell == \"rnn\""
      ])
    #expect(spec.fixed["stop.rule"] == nil && spec.fixed["constraints"] == nil)
    #expect(spec.isChosen("objective.metric"))
  }

  @Test func `they come back from the canonical text`() throws {
    let spec = try Example.parse(Self.yaml)
    let again = try Example.parse(spec.json)
    #expect(again == spec && again.space == spec.space && again.known == spec.known)
    #expect(again.search == spec.search && again.stop == spec.stop)
    #expect(again.objectives == spec.objectives)
  }

  @Test func `what is not said is the default`() throws {
    let spec = try Example.parse("dataset: a")
    #expect(spec.search.startup == 10 && spec.search.candidates == 24)
    #expect(spec.search.isMultivariate && spec.search.order == .arrival && spec.search.window == 8)
    #expect(spec.search.repeats == 1 && spec.search.warmStart == [] && spec.known == [])
    #expect(spec.stop.rule == .none && spec.stop.eta == 3 && spec.stop.brackets == nil)
    #expect(spec.objectives == [spec.objective] && spec.objective.expression == nil)
    // A metric that is named is meant, also where it is the one that is taken anyway.
    for text in ["objectives: [loss]", "objective: loss", "objective: {metric: loss}"] {
      let named = try Example.parse("dataset: a\n\(text)")
      #expect(named.objectives == spec.objectives && named.isChosen("objective.metric"))
      let again = try Example.parse(named.json)
      #expect(again == named && again.isChosen("objective.metric"), "\(text)")
    }
    let again = try Example.parse(spec.json)
    #expect(again == spec && again.objectives == spec.objectives)
    for path in ["objective.metric", "objective.goal"] {
      #expect(!spec.isChosen(path) && !again.isChosen(path), "\(path)")
    }
    #expect(try Example.parse("dataset: a\nconstraints: []\nstop: none") == spec)
  }

  @Test func `an objective can be computed`() throws {
    let spec = try Example.parse(
      "dataset: a\nobjective: {expression: 'accuracy - 0.01*loss', goal: maximize, split: train}")
    #expect(spec.objective.metric == "accuracy - 0.01 * loss")
    #expect(spec.objective.expression?.names == ["accuracy", "loss"])
    #expect(spec.objective.goal == .maximize && spec.objective.split == "train")
    #expect(spec.isChosen("objective.metric"))
    #expect(try Example.parse(spec.json) == spec)
  }

  @Test func `points that are left open are completed by draws`() throws {
    let spec = try Example.parse(Self.yaml)
    var random = Example.random(seed: 2)
    for known in spec.known {
      let point = try #require(spec.space.sample(&random, keeping: known))
      #expect(spec.space.contains(point))
      for entry in known { #expect(point[entry.path] == entry.value) }
    }
  }

  @Test func `the schema for editors describes them`() throws {
    let schema = try Value(json: Example.schema.jsonSchema(title: "t"))
    let properties = try #require(schema.map?["properties"]?.map)
    for key in ["constraints", "try", "objectives", "stop", "search"] {
      #expect(properties[key] != nil)
    }
    let forms = try #require(
      properties["training"]?.map?["anyOf"]?.list?.first?.map?["properties"]?.map?["momentum"]?
        .map?["oneOf"]?.list)
    let keywords = forms.compactMap { $0.map?["required"]?.list?.first?.string }
    #expect(
      keywords == [
        "choice", "ordinal", "uniform", "log_uniform", "normal", "log_normal", "int", "step",
      ])
    #expect(
      forms.allSatisfy { form in
        form.map?["required"] == nil || form.map?["properties"]?.map?["when"] != nil
      })
    #expect(
      forms.filter { $0.map?["properties"]?.map?["by"] != nil }.count == 4)
    #expect(schema.map?["$defs"]?.map?["when"] != nil)
  }
}
