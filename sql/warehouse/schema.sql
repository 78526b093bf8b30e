-- The warehouse: gold as BI tools see it. Names, order and types are those that Athena shows; a load (job
-- retail-warehouse-load) replaces the content in one transaction and refuses what breaks a constraint below.
-- Run by set-up and, when it has changed, by the load, as a member of warehouse_owner; may be run again at any time.
-- A new column is added at the end of the file by ALTER TABLE … ADD COLUMN IF NOT EXISTS; none is dropped or retyped.
--
-- Foreign keys are deferred: tables are merged in any order, and all keys are checked together before the commit.

CREATE TABLE IF NOT EXISTS warehouse.dim_dates (
    datekey     date PRIMARY KEY,
    year        integer NOT NULL,
    quarter     integer NOT NULL CHECK (quarter BETWEEN 1 AND 4),
    month       integer NOT NULL CHECK (month BETWEEN 1 AND 12),
    monthname   text NOT NULL,
    dayofmonth  integer NOT NULL CHECK (dayofmonth BETWEEN 1 AND 31),
    dayofweek   integer NOT NULL CHECK (dayofweek BETWEEN 1 AND 7),
    dayname     text NOT NULL,
    isweekend   boolean NOT NULL,
    yearmonth   text NOT NULL
);
COMMENT ON TABLE warehouse.dim_dates IS 'One row a day of every calendar year in which something was ordered.';
COMMENT ON COLUMN warehouse.dim_dates.dayofweek IS '1 is Monday.';

CREATE TABLE IF NOT EXISTS warehouse.dim_locations (
    locationkey  bigint PRIMARY KEY,
    postalcode   text,
    city         text,
    state        text,
    country      text
);
COMMENT ON TABLE warehouse.dim_locations IS
    'One row a place of a customer. The key is over all four columns: a postal code is neither unique nor always there.';

CREATE TABLE IF NOT EXISTS warehouse.dim_products (
    productcode             text PRIMARY KEY,
    productname             text,
    productline             text,
    productscale            text,
    productvendor           text,
    productdescription      text,
    productlinedescription  text,
    quantityinstock         integer,
    buyprice                numeric(10, 2),
    msrp                    numeric(10, 2)
);
COMMENT ON TABLE warehouse.dim_products IS 'One row a product, as the source has it now.';

CREATE TABLE IF NOT EXISTS warehouse.dim_customers (
    customernumber          integer PRIMARY KEY,
    customername            text,
    contactname             text,
    contactlastname         text,
    contactfirstname        text,
    phone                   text,
    addressline1            text,
    addressline2            text,
    locationkey             bigint NOT NULL
        REFERENCES warehouse.dim_locations DEFERRABLE INITIALLY DEFERRED,
    postalcode              text,
    city                    text,
    state                   text,
    country                 text,
    salesrepemployeenumber  integer,
    creditlimit             numeric(10, 2)
);
COMMENT ON TABLE warehouse.dim_customers IS 'One row a customer, as the source has it now.';

CREATE TABLE IF NOT EXISTS warehouse.fact_orders (
    ordernumber      integer,
    orderlinenumber  integer,
    customernumber   integer NOT NULL REFERENCES warehouse.dim_customers DEFERRABLE INITIALLY DEFERRED,
    productcode      text NOT NULL REFERENCES warehouse.dim_products DEFERRABLE INITIALLY DEFERRED,
    locationkey      bigint NOT NULL REFERENCES warehouse.dim_locations DEFERRABLE INITIALLY DEFERRED,
    postalcode       text,
    orderdate        date NOT NULL REFERENCES warehouse.dim_dates DEFERRABLE INITIALLY DEFERRED,
    requireddate     date,
    shippeddate      date,
    status           text,
    comments         text,
    quantityordered  integer NOT NULL CHECK (quantityordered > 0),
    priceeach        numeric(10, 2) NOT NULL,
    orderamount      numeric(21, 2) NOT NULL,
    buyprice         numeric(10, 2),
    msrp             numeric(10, 2),
    PRIMARY KEY (ordernumber, orderlinenumber),
    CONSTRAINT fact_orders_amount_check CHECK (orderamount = quantityordered * priceeach)
);
COMMENT ON TABLE warehouse.fact_orders IS 'One row an order line.';
COMMENT ON COLUMN warehouse.fact_orders.orderamount IS
    'Booked value, cancelled or not. Revenue leaves out status Cancelled.';
CREATE INDEX IF NOT EXISTS fact_orders_by_date ON warehouse.fact_orders (orderdate);
CREATE INDEX IF NOT EXISTS fact_orders_by_customer ON warehouse.fact_orders (customernumber);
CREATE INDEX IF NOT EXISTS fact_orders_by_product ON warehouse.fact_orders (productcode);
CREATE INDEX IF NOT EXISTS fact_orders_by_location ON warehouse.fact_orders (locationkey);

CREATE TABLE IF NOT EXISTS warehouse.daily_sales (
    orderdate         date NOT NULL REFERENCES warehouse.dim_dates DEFERRABLE INITIALLY DEFERRED,
    productline       text,
    country           text,
    orders            bigint NOT NULL CHECK (orders >= 0),
    orderlines        bigint NOT NULL CHECK (orderlines >= orders),
    quantity          bigint NOT NULL CHECK (quantity >= orderlines),
    revenue           numeric(21, 2) NOT NULL,
    cost              numeric(21, 2) NOT NULL,
    margin            numeric(21, 2) NOT NULL,
    cancelledrevenue  numeric(21, 2) NOT NULL,
    -- A product without a line and a customer without a country have their rows too.
    UNIQUE NULLS NOT DISTINCT (orderdate, productline, country),
    CONSTRAINT daily_sales_margin_check CHECK (margin = revenue - cost)
);
COMMENT ON TABLE warehouse.daily_sales IS
    'One row a day, product line and country with an order line. Cancelled orders are in cancelledrevenue alone.';

CREATE TABLE IF NOT EXISTS warehouse.product_performance (
    productcode        text PRIMARY KEY REFERENCES warehouse.dim_products DEFERRABLE INITIALLY DEFERRED,
    productname        text,
    productline        text,
    productvendor      text,
    orders             bigint NOT NULL CHECK (orders >= 0),
    customers          bigint NOT NULL CHECK (customers <= orders),
    quantity           bigint NOT NULL CHECK (quantity >= orders),
    revenue            numeric(21, 2) NOT NULL,
    cost               numeric(21, 2) NOT NULL,
    margin             numeric(21, 2) NOT NULL,
    cancelledquantity  bigint NOT NULL CHECK (cancelledquantity >= 0),
    cancelledrevenue   numeric(21, 2) NOT NULL,
    quantityinstock    integer,
    firstorderdate     date,
    lastorderdate      date CHECK (lastorderdate >= firstorderdate),
    CONSTRAINT product_performance_margin_check CHECK (margin = revenue - cost)
);
COMMENT ON TABLE warehouse.product_performance IS
    'One row a product, also of those never ordered. Cancelled orders are in the cancelled columns alone.';

CREATE TABLE IF NOT EXISTS warehouse.store_daily_sales (
    date                    date,
    store_id                text,
    total_sales             numeric(21, 2) NOT NULL,
    total_transactions      bigint NOT NULL CHECK (total_transactions >= 0),
    total_units             bigint NOT NULL,
    cancelled_sales         numeric(21, 2) NOT NULL,
    cancelled_transactions  bigint NOT NULL CHECK (cancelled_transactions >= 0),
    PRIMARY KEY (date, store_id)
);
COMMENT ON TABLE warehouse.store_daily_sales IS
    'One row a day (UTC) and store with a transaction. Cancelled transactions are in the cancelled columns alone.';

CREATE TABLE IF NOT EXISTS warehouse.store_product_performance (
    store_id            text,
    product_id          text,
    total_sales         numeric(21, 2) NOT NULL,
    total_transactions  bigint NOT NULL CHECK (total_transactions >= 0),
    total_units         bigint NOT NULL,
    cancelled_sales     numeric(21, 2) NOT NULL,
    cancelled_units     bigint NOT NULL,
    first_sold_on       date,
    last_sold_on        date CHECK (last_sold_on >= first_sold_on),
    PRIMARY KEY (store_id, product_id)
);
COMMENT ON TABLE warehouse.store_product_performance IS
    'One row a product of a store that was in a transaction. Products are the store''s own: dim_products need not have them.';

CREATE TABLE IF NOT EXISTS warehouse.conversion_funnel (
    date             date PRIMARY KEY,
    sessions         bigint NOT NULL CHECK (sessions > 0),
    viewed           bigint NOT NULL CHECK (viewed <= sessions),
    cart             bigint NOT NULL CHECK (cart <= viewed),
    ordered          bigint NOT NULL CHECK (ordered <= cart),
    orders           bigint NOT NULL CHECK (orders >= ordered),
    sales            numeric(21, 2) NOT NULL,
    conversion_rate  numeric(7, 4) NOT NULL CHECK (conversion_rate BETWEEN 0 AND 1)
);
COMMENT ON TABLE warehouse.conversion_funnel IS 'One row a day (UTC) on which sessions began, and how far they came.';

-- The journal: what each load brought.
CREATE TABLE IF NOT EXISTS warehouse.loads (
    load_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        text NOT NULL,
    loaded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    publications  jsonb NOT NULL,
    snapshots     jsonb NOT NULL,
    tables        jsonb NOT NULL,
    schema_digest text NOT NULL
);
COMMENT ON TABLE warehouse.loads IS 'One row a load that changed what readers see; the last one is what they see now.';
COMMENT ON COLUMN warehouse.loads.publications IS 'Group of tables → the run that published them, as in publications of the lake.';
COMMENT ON COLUMN warehouse.loads.snapshots IS 'Table → the lake''s snapshot that it equals.';
COMMENT ON COLUMN warehouse.loads.tables IS 'Table → rows, sum of each numeric column, rows inserted, updated and deleted.';
COMMENT ON COLUMN warehouse.loads.schema_digest IS 'SHA-256 of the schema.sql that the load went by.';

GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO warehouse_readers;
