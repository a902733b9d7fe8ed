-- The engine knows which container an exec is in, and `gateway_containers` whose that is.
DROP TABLE gateway_execs;
