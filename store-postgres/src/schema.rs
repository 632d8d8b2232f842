// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tables, and every statement about the lease.
//!
//! Rule: all names begin with `freeside_`, in the first schema of the search path, so that the store can
//! share a database.

/// Makes the tables that are missing; nodes that start at once do it one after the other.
pub const MAKE: &str = "
    BEGIN;
    SELECT pg_advisory_xact_lock(7382946105);
    CREATE TABLE IF NOT EXISTS freeside_rows (key bytea PRIMARY KEY, value bytea NOT NULL);
    CREATE TABLE IF NOT EXISTS freeside_keys (name text PRIMARY KEY, value bytea NOT NULL);
    CREATE TABLE IF NOT EXISTS freeside_lease (
        id int PRIMARY KEY CHECK (id = 1),
        owner text NOT NULL,
        node text NOT NULL,
        token bigint NOT NULL,
        expires timestamptz NOT NULL
    );
    COMMIT;";

/// Whether the tables are there.
pub const IS_MADE: &str = "SELECT to_regclass('freeside_rows') IS NOT NULL";

/// What each connection of an owner begins with: what is acknowledged is on the disk.
pub const SESSION: &str = "SET synchronous_commit TO on; SET client_min_messages TO warning";

/// What the connection of a reader begins with.
pub const SNAPSHOT: &str =
    "SET client_min_messages TO warning; BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Takes the lease that nobody has: `$1` owner, `$2` node, `$3` seconds. Gives the token.
pub const TAKE: &str = "
    INSERT INTO freeside_lease AS lease (id, owner, node, token, expires)
    VALUES (1, $1, $2, 1, clock_timestamp() + make_interval(secs => $3))
    ON CONFLICT (id) DO UPDATE
    SET owner = $1, node = $2, token = lease.token + 1,
        expires = clock_timestamp() + make_interval(secs => $3)
    WHERE lease.owner = '' OR lease.expires < clock_timestamp()
    RETURNING token";

/// Who has the lease, and for how many more seconds.
pub const HOLDER: &str = "
    SELECT node, greatest(extract(epoch FROM expires - clock_timestamp()), 0)::float8
    FROM freeside_lease WHERE id = 1 AND owner <> ''";

/// The owner goes on: `$1` owner, `$2` seconds.
pub const RENEW: &str = "
    UPDATE freeside_lease SET expires = clock_timestamp() + make_interval(secs => $2)
    WHERE id = 1 AND owner = $1 RETURNING token";

/// The owner has a new connection; what the old one still does is fenced off. Gives the new token.
pub const NEXT_TOKEN: &str = "
    UPDATE freeside_lease
    SET token = token + 1, expires = clock_timestamp() + make_interval(secs => $2)
    WHERE id = 1 AND owner = $1 RETURNING token";

/// The owner ends.
pub const RELEASE: &str = "
    UPDATE freeside_lease SET owner = '', expires = clock_timestamp()
    WHERE id = 1 AND owner = $1";

/// Tells whoever waits. The name of the channel is that of the table.
pub const NOTIFY: &str = "NOTIFY freeside_lease";

/// Writes rows: `$1` owner, `$2` token, `$3` keys that go, `$4` and `$5` keys and values that are put.
/// Gives 1, or 0 when another node owns the store; then nothing was written. The row of the lease is
/// locked until the transaction ends, so that nobody takes over in between.
pub const WRITE: &str = "
    WITH fence AS MATERIALIZED (
        SELECT 1 FROM freeside_lease WHERE id = 1 AND owner = $1 AND token = $2 FOR SHARE
    ), gone AS (
        DELETE FROM freeside_rows
        WHERE key = ANY($3::bytea[]) AND EXISTS (SELECT 1 FROM fence)
    ), put AS (
        INSERT INTO freeside_rows (key, value)
        SELECT * FROM unnest($4::bytea[], $5::bytea[]) WHERE EXISTS (SELECT 1 FROM fence)
        ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value
    )
    SELECT count(*) FROM fence";

/// Writes a file of keys: `$1` owner, `$2` token, `$3` name, `$4` bytes. Gives what [`WRITE`] gives.
pub const WRITE_KEYS: &str = "
    WITH fence AS MATERIALIZED (
        SELECT 1 FROM freeside_lease WHERE id = 1 AND owner = $1 AND token = $2 FOR SHARE
    ), put AS (
        INSERT INTO freeside_keys (name, value)
        SELECT $3, $4 WHERE EXISTS (SELECT 1 FROM fence)
        ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value
    )
    SELECT count(*) FROM fence";
