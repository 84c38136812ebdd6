"""ClickHouse's engine (chDB) behind ClickHouse's HTTP interface, for one machine and no docker.

    python -m local.clickhouse --port 8123 --data .kontor/clickhouse

Clients (clickhouse-connect, curl) use it as they use a server: same statements, settings, formats, errors. It differs
where chDB does, and only there:

- One user, given by the environment; `CREATE USER`, roles, grants, quotas and row policies get ClickHouse's error 497.
- Query ids are echoed, but the engine gives its own: `KILL QUERY WHERE query_id = …` finds nothing. A running read ends
  with its client only where its result is streamed; `max_execution_time` bounds every other.
- Native, RowBinary, TSV, CSV and JSONEachRow results are streamed; results in other formats are held in memory.
- Bodies are compressed by Content-Encoding (gzip, deflate, zstd, lz4); ClickHouse's own block format (`compress=1`,
  `decompress=1`), brotli, xz, bz2 and snappy get error 48 or 89.
- `client_protocol_version` is ignored: Native is always written in its oldest, self-contained form.
- `readonly` as a setting of one query is refused inside a session (error 48): the engine cannot take it back.
- External tables (files of a multipart form) and `INSERT … SELECT … FROM input()` with data are refused.
- What a client was answered survives `kill -9`. A block whose insert was cut may be lost *with its token remembered*:
  MergeTree writes `non_replicated_deduplication_window`'s log before the part is in place. So a retry without an answer
  before it must be followed by a look at the rows, and sent under another token where they are missing.
- No query_log, no progress headers, no other protocols, no KeeperMap, no Kafka engine, no replicas.
"""
