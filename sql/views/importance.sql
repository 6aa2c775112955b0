-- Which hyperparameters matter: PED-ANOVA, the same as Importance.pedANOVA in Swift. A parameter is
-- laid on a grid, and how the best trials are spread over it is compared with how all are.

-- The error function, by a series without cancellation; PostgreSQL has one from version 16 on.
create or replace function unroll_internal.error_function(x double precision)
returns double precision language plpgsql immutable parallel safe as $$
declare
  term double precision := x;
  total double precision := x;
  odd double precision := 1;
begin
  if abs(x) > 6 then
    return sign(x);
  end if;
  while abs(term) > 1e-17 * abs(total) loop
    odd := odd + 2;
    term := term * 2 * x * x / odd;
    total := total + term;
  end loop;
  return 2 / sqrt(pi()) * exp(-x * x) * total;
end $$;

-- The probability of each cell, given how many values fell into each: a mixture of normal
-- distributions, cut off at the ends and summed over the cells, with a bandwidth after Scott.
create or replace function unroll_internal.range_density(counts bigint[])
returns double precision[] language plpgsql immutable parallel safe as $$
declare
  cells constant integer := cardinality(counts);
  total bigint := 0;
  cumulated bigint := 0;
  mean double precision := 0;
  squares double precision := 0;
  first_quarter integer;
  third_quarter integer;
  last_cell integer;
  bandwidth double precision;
  edges double precision[];
  wide_edges double precision[];
  density double precision[] := array_fill(0::double precision, array[cells]);
  weight double precision;
begin
  for i in 1..cells loop
    total := total + counts[i];
    mean := mean + counts[i] * i;
  end loop;
  mean := mean / total;
  for i in 1..cells loop
    continue when counts[i] = 0;
    squares := squares + counts[i] * (i - mean) ^ 2;
    cumulated := cumulated + counts[i];
    last_cell := i;
    if first_quarter is null and cumulated >= total / 4 then first_quarter := i; end if;
    if third_quarter is null and cumulated > total * 3 / 4 then third_quarter := i; end if;
  end loop;
  bandwidth := greatest(0.5 / 1.64, 1.059 * total ^ (-0.2::double precision) * least(
    (coalesce(third_quarter, last_cell) - first_quarter) / 1.34::double precision,
    sqrt(squares / greatest(1, total - 1))));
  -- The distribution function at every distance of an edge from a centre: edges[cells + k + 1] at
  -- k + 1/2 cells; the prior is as wide as the grid, around its middle.
  for k in -cells..cells loop
    edges[cells + k + 1] := unroll_internal.error_function((k + 0.5) / (bandwidth * sqrt(2)));
  end loop;
  for i in 0..cells loop
    wide_edges[i + 1] := unroll_internal.error_function(
      (i - cells / 2::double precision) / (cells * sqrt(2)));
  end loop;
  for i in 1..cells loop
    density[i] := (wide_edges[i + 1] - wide_edges[i]) / (wide_edges[cells + 1] - wide_edges[1])
      / (total + 1);
  end loop;
  for centre in 1..cells loop
    continue when counts[centre] = 0;
    weight := counts[centre] / (total + 1)::double precision
      / (edges[2 * cells - centre + 1] - edges[cells - centre + 1]);
    for i in 1..cells loop
      density[i] := density[i]
        + weight * (edges[cells + i - centre + 1] - edges[cells + i - centre]);
    end loop;
  end loop;
  return density;
end $$;

-- The same for classes without an order.
create or replace function unroll_internal.class_density(counts bigint[])
returns double precision[] language sql immutable parallel safe as $$
  select array_agg(
    ((c.count + t.total / t.kernels) / (1 + t.classes / t.kernels) + 1 / t.classes) / (t.total + 1)
    order by c.place)
  from unnest(counts) with ordinality c(count, place),
    (select sum(u.count)::double precision as total, count(*)::double precision as classes,
        (count(*) filter (where u.count > 0) + 1)::double precision as kernels
      from unnest(counts) u(count)) t
$$;

-- How unlike two spreads over the same cells are: Pearson's divergence of the first.
create or replace function unroll_internal.divergence(
  best bigint[], everyone bigint[], are_classes boolean)
returns double precision language sql immutable parallel safe as $$
  select sum((a.density + 1e-12) * ((b.density + 1e-12) / (a.density + 1e-12) - 1) ^ 2)
  from unnest(
      case when are_classes then unroll_internal.class_density(everyone)
        else unroll_internal.range_density(everyone) end) with ordinality a(density, place)
    join unnest(
      case when are_classes then unroll_internal.class_density(best)
        else unroll_internal.range_density(best) end) with ordinality b(density, place)
    using (place)
$$;

-- The grid of a parameter: its classes, or the ends of its range (of their logarithms). A parameter
-- whose distribution is not to be found in the spec has the values that were observed, and so has one
-- with a normal distribution, whose ends are those of the setting and not of the spec, and one that was
-- pinned after it had others.
create or replace function unroll_internal.importance_grid(
  spec jsonb, name text, observed jsonb, out classes jsonb, out low double precision,
  out high double precision, out is_logarithmic boolean, out cells integer)
language plpgsql immutable parallel safe as $$
declare
  keywords constant text[] := array[
    'choice', 'ordinal', 'uniform', 'log_uniform', 'int', 'int_log', 'step'];
  path constant text[] := string_to_array(name, '.');
  node jsonb := spec #> path;
  keyword text;
  bounds jsonb;
  step double precision;
  steps double precision;
begin
  if node is null then
    -- `schedule: {choice: …}` is short for the first field of the section.
    node := spec #> path[:cardinality(path) - 1];
  end if;
  if jsonb_typeof(node) = 'object' then
    select k into keyword from unnest(keywords) k where node ? k limit 1;
    bounds := node -> keyword;
  end if;
  if keyword = 'choice' and not bounds @> observed then
    keyword := null;
  end if;
  is_logarithmic := keyword in ('log_uniform', 'int_log');
  if keyword in ('choice', 'ordinal') then
    classes := bounds;
    cells := jsonb_array_length(classes);
    return;
  end if;
  if keyword is null then
    if exists (select from jsonb_array_elements(observed) o where jsonb_typeof(o) <> 'number') then
      classes := observed;
      cells := jsonb_array_length(classes);
      return;
    end if;
    select min(o::double precision), max(o::double precision) into low, high
      from jsonb_array_elements(observed) o;
    is_logarithmic := false;
    cells := case when low < high then 50 else 1 end;
    return;
  end if;
  low := (bounds ->> 0)::double precision;
  high := (bounds ->> 1)::double precision;
  if keyword in ('int', 'step') then
    step := coalesce((bounds ->> 2)::double precision, 1);
    steps := (high - low) / step;
    steps := floor(steps + 1e-9 * greatest(1, steps));
    high := low + steps * step;
    cells := least(steps + 1, 50);
  elsif keyword = 'int_log' then
    cells := case when low < high then least(ceil(ln(high - low + 1) / ln(2) - 1e-9) + 1, 50)
      else 1 end;
  else
    step := (node ->> 'by')::double precision;
    cells := coalesce(least(round((high - low) / step) + 1, 50), 50);
  end if;
  if is_logarithmic then
    low := ln(low);
    high := ln(high);
  end if;
end $$;

create or replace function unroll.importance(
  sweep_id bigint, quantile double precision default 0.1)
returns table (name text, importance double precision, trials bigint)
language plpgsql stable as $$
#variable_conflict use_column
begin
  if quantile is null or not (quantile > 0 and quantile < 1) then
    perform unroll_internal.refuse(
      'quantile', coalesce(quantile::text, 'nothing'), 'above 0 and below 1');
  end if;
  return query
  with scored as materialized (
    select t.id, t.params,
      case s.objective_goal when 'maximize' then -t.objective else t.objective end as loss
    from unroll.trials t join unroll.sweeps s on s.id = t.sweep_id
    where s.id = importance.sweep_id and t.state = 'succeeded'
      and t.objective not in ('NaN', 'Infinity', '-Infinity')
  ), best as (
    select count(*)::double precision as everyone,
      count(*) filter (where s.loss <= c.cutoff)::double precision as leaders, c.cutoff
    from scored s, (
      select percentile_disc(quantile) within group (order by loss) as cutoff from scored) c
    group by c.cutoff
  ), given as materialized (
    select p.key as name, p.value, s.loss <= b.cutoff as leads
    from scored s, best b, jsonb_each(s.params) p
  ), grids as materialized (
    select o.name, g.*
    from (select name, jsonb_agg(distinct value) as observed from given group by name) o
      cross join (select spec from unroll.sweeps where id = importance.sweep_id) s,
      unroll_internal.importance_grid(s.spec, o.name, o.observed) g
  ), occupied as (
    -- What lies in the middle of two cells is in the lower one, rounding or not. What the parameter cannot
    -- have any more, since its range was changed, is in none.
    select g.name, v.leads,
      case when g.classes is not null then (
          select c.place - 1 from jsonb_array_elements(g.classes) with ordinality c(value, place)
          where c.value = v.value limit 1)
        when jsonb_typeof(v.value) <> 'number' then null
        when g.is_logarithmic and v.value::double precision <= 0 then null
        when g.cells = 1 then 0
        else greatest(0, least(g.cells - 1, ceil(
          (case when g.is_logarithmic then ln(v.value::double precision)
              else v.value::double precision end - g.low)
            * (g.cells - 1) / (g.high - g.low) - 0.5 - 1e-9))) end::integer as cell
    from given v join grids g on g.name = v.name
  ), placed as (
    select name, count(*) as trials, count(*) filter (where leads) as leaders
    from occupied where cell is not null group by name
  ), counted as (
    select name, cell, count(*) as everyone, count(*) filter (where leads) as leaders
    from occupied group by name, cell
  ), spread as (
    select g.name, array_agg(coalesce(c.everyone, 0) order by p.place) as everyone,
      array_agg(coalesce(c.leaders, 0) order by p.place) as leaders
    from grids g cross join generate_series(0, g.cells - 1) p(place)
      left join counted c on c.name = g.name and c.cell = p.place
    group by g.name
  ), raw as (
    -- Where a parameter is not always there: how often it is, among the best and among all.
    select g.name, p.trials, case when g.cells > 1 and p.trials > 1 and p.leaders > 0
      then (p.leaders / b.leaders) ^ 2 * b.everyone / p.trials
        * unroll_internal.divergence(s.leaders, s.everyone, g.classes is not null)
      else 0 end as share
    from grids g join placed p on p.name = g.name join spread s on s.name = g.name
      cross join best b
  )
  select r.name,
    case when sum(r.share) over () > 0 then r.share / sum(r.share) over ()
      else 1::double precision / count(*) over () end,
    r.trials
  from raw r order by 2 desc, r.name collate "C";
end $$;

comment on function unroll.importance(bigint, double precision) is
  'How much each hyperparameter of a sweep has to do with being among the best trials, of which '
  'quantile says the share: name, importance (adds up to 1, most important first) and how many '
  'trials that succeeded had a value for it. PED-ANOVA (Watanabe et al. 2023).';
