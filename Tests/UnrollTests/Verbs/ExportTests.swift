import FoundationEssentials
import Glibc
import Orchestration
import TestSupport
import Testing
import Training

/// Models and tables as files, and weights as a beginning.
@Suite(.scratchDatabaseForEach) struct ExportTests {
  /// A program with a sweep of two trials that has run.
  private func trained() throws -> Program {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<120).map { "\($0 % 3 == 0 ? "spam\twin a prize" : "ham\tsee you at") \($0)\n" }
    try program.importMessages(rows)
    try program.write(
      "sweep.yaml",
      """
      name: "say \\"hi\\", twice"
      dataset: messages
      model: {cell: {choice: [lstm, gru]}, hidden: 6, embedding: 4}
      training: {epochs: 2, rate: 0.02, batch: 8}
      search: grid
      """)
    let up = try program.start("up", "--slots", "2")
    try program.good("enqueue", "sweep.yaml", "--watch")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
    return program
  }

  private func bytes(_ program: Program, _ name: String) -> [UInt8] {
    Array(FileManager.default.contents(atPath: "\(program.folder)/\(name)") ?? Data())
  }

  @Test func `a model is written in every form`() throws {
    let program = try trained()
    let script = try program.good("export", "1", "--format", "pytorch", "-o", "spam")
    for file in [
      "model.py", "model.safetensors", "plan.json", "vocabulary.json", "labels.json",
    ] {
      #expect(script.contains("spam/\(file): ") && !bytes(program, "spam/\(file)").isEmpty)
    }
    #expect(program.read("spam/model.py").hasPrefix("\"\"\"Trial 1 of sweep 1 (say ?hi?, twice)."))
    try program.good("artifact", "get", "1", "model.safetensors")
    #expect(bytes(program, "spam/model.safetensors") == bytes(program, "model.safetensors"))
    // The main file may have a name of its own, and the others lie beside it.
    try program.good("export", "2", "--format", "safetensors", "-o", "gru.safetensors")
    #expect(program.read("plan.json").contains(#""cell":"gru""#))
    #expect(try SafeTensors(decoding: bytes(program, "gru.safetensors")).tensors.count == 7)
    try program.good("export", "1", "--format", "onnx", "-o", "model.onnx")
    let onnx = String(decoding: bytes(program, "model.onnx"), as: UTF8.self)
    #expect(onnx.contains("LSTM") && onnx.contains("unroll.vocabulary"))

    let again = try program.run("export", "1", "--format", "onnx", "-o", "model.onnx")
    #expect(again.code == 2)
    #expect(again.lines == ["unroll: model.onnx is there already; --force overwrites it"])
    try program.good("export", "2", "--format", "onnx", "-o", "model.onnx", "--force")
    #expect(bytes(program, "model.onnx") != Array(onnx.utf8))
    let partial = try FileManager.default.contentsOfDirectory(atPath: program.folder)
      .filter { $0.contains("partial") }
    #expect(partial.isEmpty)
    #expect(try program.run("export", "9", "--format", "onnx", "-o", "x").lines.count == 1)
    for (arguments, line) in [
      (["latest", "--format", "onnx", "-o", "x"], "allowed: the number of a trial"),
      (["1", "--format", "parquet", "-o", "x"], "allowed: safetensors, pytorch, onnx"),
      (["1", "--table", "curves", "--format", "onnx", "-o", "x"], "allowed: csv, jsonl"),
      (["1", "--table", "loss", "--format", "csv", "-o", "x"], "allowed: trials, curves"),
    ] {
      let run = try program.run(["export"] + arguments)
      #expect(run.code == 2 && run.errors.contains(line))
    }
  }

  @Test func `tables are written row by row`() throws {
    let program = try trained()
    let said = try program.good(
      "export", "latest", "--table", "trials", "--format", "csv", "-o", "trials.csv")
    #expect(said.hasPrefix("trials.csv: 2 rows of sweep 1, "))
    let lines = program.read("trials.csv").split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 4 && lines[3] == "")
    #expect(lines[0].hasPrefix("id,sweep_id,number,params,state,objective,"))
    // JSON in a field of CSV: its quotation marks are doubled. What is NULL is empty.
    #expect(lines[1].hasPrefix(#"1,1,0,"{""model.cell"": ""lstm""}",succeeded,"#))
    #expect(lines[1].contains(",0,0,,,false,"))

    try program.good(
      "export", "1", "--table", "curves", "--format", "jsonl", "-o", "curves.jsonl")
    struct Point: Decodable {
      let trial_id, epoch: Int
      let metric: String
      let value: Double
    }
    let points = try program.read("curves.jsonl").split(separator: "\n").map {
      try JSONDecoder().decode(Point.self, from: Data($0.utf8))
    }
    let exact = try program.good(
      "sql", "--values",
      "select value from unroll.curves order by trial_id, metric, split, epoch")
    #expect(
      points.map { "\($0.value)" } == exact.split(separator: "\n").map { "\(Double($0) ?? 0)" })
    #expect(points.count > 8 && Set(points.map(\.trial_id)) == [1, 2])
    let printed = try program.good(
      "export", "1", "--table", "params", "--format", "csv", "-o", "-")
    #expect(
      printed == """
        sweep_id,trial_id,number,name,text,value
        1,1,0,model.cell,lstm,
        1,2,1,model.cell,gru,

        """)
    let written = ["export", "1", "--table", "params", "--format", "csv", "-o"]
    try program.write("old.csv", "old")
    let link = "\(program.folder)/link.csv"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "old.csv")
    let kept = try program.run(written + ["link.csv"])
    #expect(kept.code == 2 && kept.errors.contains("--force") && program.read("old.csv") == "old")
    #expect(try program.run(written + ["link.csv", "--force"]).code == 0)
    #expect(program.read("old.csv") == printed)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "old.csv")
    // What is no file is not replaced by one.
    #expect(mkfifo("\(program.folder)/pipe", 0o600) == 0)
    let pipe = open("\(program.folder)/pipe", O_RDWR | O_NONBLOCK)
    #expect(try program.run(written + ["pipe"]).code == 0)
    var received = [UInt8](repeating: 0, count: 4096)
    let count = read(pipe, &received, received.count)
    #expect(String(decoding: received.prefix(max(count, 0)), as: UTF8.self) == printed)
    close(pipe)
    let out = try program.run(written + ["/dev/stdout"])
    #expect(out.output.hasPrefix(printed + "/dev/stdout: 2 rows of sweep 1, "))

    for table in ["metrics", "leaderboard"] {
      let rows = try program.good("export", "1", "--table", table, "--format", "jsonl", "-o", "-")
      #expect(rows.split(separator: "\n").count >= 2 && rows.hasPrefix("{\"sweep_id\":1,"))
    }
  }

  @Test func `a sweep begins with weights that were imported`() throws {
    let program = try trained()
    try program.good("artifact", "get", "1", "model.safetensors")
    // As if torch had saved them: under other names.
    let model = try SafeTensors(decoding: bytes(program, "model.safetensors"))
    let renamed = model.tensors.map { tensor in
      SafeTensors.Tensor(
        name: tensor.name.replacing("embedding.", with: "net.words.")
          .replacing("recurrent.", with: "net.core.").replacing("head.", with: "net.out."),
        shape: tensor.shape, elements: tensor.elements)
    }
    try program.write("torch.safetensors", SafeTensors(renamed).encoded())
    let imported = try program.good("weights", "import", "torch.safetensors", "--name", "base")
    #expect(
      imported.contains("recurrent.weight_ih_l0") && imported.contains("net.core.weight_ih_l0"))
    #expect(try program.good("weights", "list").contains("weights/base"))

    func sweep(_ initial: String, hidden: Int = 6) -> String {
      """
      dataset: messages
      model: {cell: lstm, hidden: \(hidden), embedding: 4, initial: \(initial)}
      training: {epochs: 1, rate: 0.02, batch: 8, keep_initial: true}
      trials: 1
      """
    }
    try program.write("sweep.yaml", sweep("weights/base"))
    let up = try program.start("up", "--slots", "1")
    try program.good("enqueue", "sweep.yaml", "--watch")
    try program.good("artifact", "get", "3", "initial.safetensors")
    let begun = try SafeTensors(decoding: bytes(program, "initial.safetensors"))
    #expect(begun.tensors == model.tensors)

    for (initial, hidden, line) in [
      ("weights/bass", 6, #"no weights "bass"; there are: base"#),
      ("1/model.safetensor", 6, "trial 1 has no artifact"),
      ("base", 6, "found base, allowed: TRIAL/NAME"),
      (
        "weights/base", 7,
        "found weights/base with recurrent.weight_ih_l0 [24, 4], allowed: recurrent.weight_ih_l0 [28, 4]"
      ),
      ("1/plan.json", 6, "found no header"),
    ] {
      try program.write("sweep.yaml", sweep(initial, hidden: hidden))
      let run = try program.run("enqueue", "sweep.yaml")
      #expect(run.code == 2 && run.lines.count == 1)
      #expect(run.errors.hasPrefix("sweep.yaml:2:") && run.errors.contains(line))
    }
    // Past the command, the scheduler refuses with the same words.
    try program.good(
      "sql",
      #"select unroll.enqueue('{"dataset": "messages", "model": {"cell": "gru", "hidden": 6, "#
        + #""embedding": 4, "initial": "weights/base"}}')"#)
    let refused = try program.run("watch", "latest")
    #expect(refused.code == 1 && refused.errors.contains("allowed: recurrent.weight_ih_l0 [18, 4]"))
    try program.good("weights", "remove", "base")
    try program.write("bad.safetensors", [1, 2, 3])
    let bad = try program.run("weights", "import", "bad.safetensors")
    #expect(
      bad.code == 2 && bad.lines.count == 1 && bad.errors.contains("bad.safetensors: found no"))
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }
}
