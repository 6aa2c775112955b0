// libpq; the target Postgres is its only user.
#include <libpq-fe.h>

// Swift does not import macros whose value is a character.
enum unroll_error_field {
  unroll_field_sqlstate = PG_DIAG_SQLSTATE,
  unroll_field_message = PG_DIAG_MESSAGE_PRIMARY,
  unroll_field_detail = PG_DIAG_MESSAGE_DETAIL,
  unroll_field_hint = PG_DIAG_MESSAGE_HINT,
  unroll_field_position = PG_DIAG_STATEMENT_POSITION,
  unroll_field_context = PG_DIAG_CONTEXT,
  unroll_field_table = PG_DIAG_TABLE_NAME,
  unroll_field_column = PG_DIAG_COLUMN_NAME,
  unroll_field_constraint = PG_DIAG_CONSTRAINT_NAME,
  unroll_field_routine = PG_DIAG_SOURCE_FUNCTION,
};
