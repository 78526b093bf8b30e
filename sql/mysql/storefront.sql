-- The storefront's own tables, beside those of classicmodels: grain is a checkout form, and the shop as a whole.
-- `retail load-source` and `retail shop-tables` run this; running it again changes nothing.
-- No foreign key to other systems' tables: a reload of the source renames those away and must not be held up.

-- One row per checkout form that became an order: the same form sent again finds its order here.
CREATE TABLE IF NOT EXISTS storefront_checkouts (
  token VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customerNumber INT NOT NULL,
  orderNumber INT DEFAULT NULL,
  createdAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (token),
  KEY storefront_checkouts_createdAt (createdAt)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row in all: the last order number given. Its lock puts checkouts in a row while they take theirs.
CREATE TABLE IF NOT EXISTS storefront_order_numbers (
  id TINYINT NOT NULL,
  lastNumber INT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

INSERT IGNORE INTO storefront_order_numbers (id, lastNumber) VALUES (1, 0);
