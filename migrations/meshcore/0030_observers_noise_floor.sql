ALTER TABLE observers ADD COLUMN noise_floor REAL;
