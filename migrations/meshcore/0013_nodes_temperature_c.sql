ALTER TABLE nodes ADD COLUMN temperature_c REAL;
