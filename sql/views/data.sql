comment on schema unroll is
  'The public interface: views and functions that stay stable. Tables are private.';

create or replace view unroll.datasets as
select d.id, d.name, d.version, d.kind, d.examples, d.bytes, d.header, d.summary, d.created_at
from unroll_internal.dataset d where d.complete;
comment on view unroll.datasets is 'Datasets: named, immutable, one version per content.';
comment on column unroll.datasets.id is 'Number of this version of the dataset.';
comment on column unroll.datasets.name is 'Name that a sweep uses; the newest version is meant.';
comment on column unroll.datasets.version is 'sha256 of the canonical bytes, as 64 hex digits.';
comment on column unroll.datasets.kind is 'What an example is, for instance text.';
comment on column unroll.datasets.examples is 'Number of examples over all splits.';
comment on column unroll.datasets.bytes is 'Size of the canonical bytes.';
comment on column unroll.datasets.header is 'How the content is to be read, how the file was, and what its series are called.';
comment on column unroll.datasets.summary is
  'Facts for people: counts by label and split, lengths.';
comment on column unroll.datasets.created_at is 'When it was put into the database.';

create or replace view unroll.vectors as
select v.id, v.name, v.width, v.words, v.created_at from unroll_internal.vectors v;
comment on view unroll.vectors is 'Vectors of words that were trained elsewhere, for models to begin with.';
comment on column unroll.vectors.id is 'Number.';
comment on column unroll.vectors.name is 'Name that a sweep uses: model.vectors.';
comment on column unroll.vectors.width is 'Numbers of each vector.';
comment on column unroll.vectors.words is 'How many words.';
comment on column unroll.vectors.created_at is 'When they were imported.';

create or replace view unroll.migrations as
select m.version, m.name, m.sha256, m.applied_at from unroll_internal.migration m;
comment on view unroll.migrations is 'The changes of the schema that were applied.';
comment on column unroll.migrations.version is 'Version of the database after the change.';
comment on column unroll.migrations.name is 'Name of the change.';
comment on column unroll.migrations.sha256 is 'sha256 of its text.';
comment on column unroll.migrations.applied_at is 'When it was applied.';

create or replace view unroll.weights as
select w.id, w.name, w.sha256, w.bytes, w.tensors, w.source, w.owner, w.created_at
from unroll_internal.weights w where w.complete;
comment on view unroll.weights is
  'Weights from elsewhere that a sweep can begin with: model.initial is weights/NAME.';
comment on column unroll.weights.id is 'Number of the weights.';
comment on column unroll.weights.name is 'Name that a sweep uses; its content never changes.';
comment on column unroll.weights.sha256 is 'sha256 of the bytes, as 64 hex digits.';
comment on column unroll.weights.bytes is 'Size.';
comment on column unroll.weights.tensors is
  'For each tensor its shape and the name that it had in the file.';
comment on column unroll.weights.source is 'File from which they were imported.';
comment on column unroll.weights.owner is 'Database role that imported them.';
comment on column unroll.weights.created_at is 'When they were imported.';
