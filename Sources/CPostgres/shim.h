// libpq; the target Postgres is its only user.
#include <libpq-fe.h>
