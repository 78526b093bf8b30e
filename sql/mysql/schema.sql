-- The source database: the eight tables of classicmodels (names and types as in the well-known sample) and ratings.
-- Grain: one table below = one entity; the leading comment of each says what one row is.
-- Accepted by MySQL 8.4 and MariaDB 11.4. `retail load-source` runs it in an empty database; no name of a database here.
--
-- Every table has updatedAt, UTC, kept by the server and indexed: the watermark of an incremental load. A deletion
-- leaves no trace in it.
-- A return is no negative quantity here: the order's status becomes Disputed (open) or Resolved (settled).

-- One row per office.
CREATE TABLE offices (
  officeCode VARCHAR(10) NOT NULL,
  city VARCHAR(50) NOT NULL,
  phone VARCHAR(50) NOT NULL,
  addressLine1 VARCHAR(50) NOT NULL,
  addressLine2 VARCHAR(50) DEFAULT NULL,
  state VARCHAR(50) DEFAULT NULL,
  country VARCHAR(50) NOT NULL,
  postalCode VARCHAR(15) NOT NULL,
  territory VARCHAR(10) NOT NULL,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (officeCode),
  KEY offices_updatedAt (updatedAt)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per employee; reportsTo is null for the president alone.
CREATE TABLE employees (
  employeeNumber INT NOT NULL,
  lastName VARCHAR(50) NOT NULL,
  firstName VARCHAR(50) NOT NULL,
  extension VARCHAR(10) NOT NULL,
  email VARCHAR(100) NOT NULL,
  officeCode VARCHAR(10) NOT NULL,
  reportsTo INT DEFAULT NULL,
  jobTitle VARCHAR(50) NOT NULL,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (employeeNumber),
  KEY employees_reportsTo (reportsTo),
  KEY employees_officeCode (officeCode),
  KEY employees_updatedAt (updatedAt),
  CONSTRAINT employees_manager FOREIGN KEY (reportsTo) REFERENCES employees (employeeNumber),
  CONSTRAINT employees_office FOREIGN KEY (officeCode) REFERENCES offices (officeCode)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per product line.
CREATE TABLE productlines (
  productLine VARCHAR(50) NOT NULL,
  textDescription VARCHAR(4000) DEFAULT NULL,
  htmlDescription MEDIUMTEXT,
  image MEDIUMBLOB,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (productLine),
  KEY productlines_updatedAt (updatedAt)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per product.
CREATE TABLE products (
  productCode VARCHAR(15) NOT NULL,
  productName VARCHAR(70) NOT NULL,
  productLine VARCHAR(50) NOT NULL,
  productScale VARCHAR(10) NOT NULL,
  productVendor VARCHAR(50) NOT NULL,
  productDescription TEXT NOT NULL,
  quantityInStock SMALLINT NOT NULL,
  buyPrice DECIMAL(10,2) NOT NULL,
  MSRP DECIMAL(10,2) NOT NULL,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (productCode),
  KEY products_productLine (productLine),
  KEY products_updatedAt (updatedAt),
  CONSTRAINT products_line FOREIGN KEY (productLine) REFERENCES productlines (productLine),
  CONSTRAINT products_prices CHECK (buyPrice >= 0 AND MSRP >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per customer. Neither postalCode nor (postalCode, city) identifies a place.
CREATE TABLE customers (
  customerNumber INT NOT NULL,
  customerName VARCHAR(50) NOT NULL,
  contactLastName VARCHAR(50) NOT NULL,
  contactFirstName VARCHAR(50) NOT NULL,
  phone VARCHAR(50) NOT NULL,
  addressLine1 VARCHAR(50) NOT NULL,
  addressLine2 VARCHAR(50) DEFAULT NULL,
  city VARCHAR(50) NOT NULL,
  state VARCHAR(50) DEFAULT NULL,
  postalCode VARCHAR(15) DEFAULT NULL,
  country VARCHAR(50) NOT NULL,
  salesRepEmployeeNumber INT DEFAULT NULL,
  creditLimit DECIMAL(10,2) DEFAULT NULL,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (customerNumber),
  KEY customers_salesRep (salesRepEmployeeNumber),
  KEY customers_updatedAt (updatedAt),
  CONSTRAINT customers_rep FOREIGN KEY (salesRepEmployeeNumber) REFERENCES employees (employeeNumber),
  CONSTRAINT customers_credit CHECK (creditLimit >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per order.
CREATE TABLE orders (
  orderNumber INT NOT NULL,
  orderDate DATE NOT NULL,
  requiredDate DATE NOT NULL,
  shippedDate DATE DEFAULT NULL,
  status VARCHAR(15) NOT NULL,
  comments TEXT,
  customerNumber INT NOT NULL,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (orderNumber),
  KEY orders_customerNumber (customerNumber),
  KEY orders_updatedAt (updatedAt),
  CONSTRAINT orders_customer FOREIGN KEY (customerNumber) REFERENCES customers (customerNumber),
  CONSTRAINT orders_dates CHECK (requiredDate >= orderDate AND shippedDate >= orderDate),
  CONSTRAINT orders_status CHECK (status IN ('In Process', 'Shipped', 'On Hold', 'Cancelled', 'Disputed', 'Resolved'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per order line; a product stands at most once in an order.
CREATE TABLE orderdetails (
  orderNumber INT NOT NULL,
  productCode VARCHAR(15) NOT NULL,
  quantityOrdered INT NOT NULL,
  priceEach DECIMAL(10,2) NOT NULL,
  orderLineNumber SMALLINT NOT NULL,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (orderNumber, productCode),
  UNIQUE KEY orderdetails_line (orderNumber, orderLineNumber),
  KEY orderdetails_productCode (productCode),
  KEY orderdetails_updatedAt (updatedAt),
  CONSTRAINT orderdetails_order FOREIGN KEY (orderNumber) REFERENCES orders (orderNumber),
  CONSTRAINT orderdetails_product FOREIGN KEY (productCode) REFERENCES products (productCode),
  CONSTRAINT orderdetails_amounts CHECK (quantityOrdered > 0 AND priceEach >= 0 AND orderLineNumber > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per cheque of a customer.
CREATE TABLE payments (
  customerNumber INT NOT NULL,
  checkNumber VARCHAR(50) NOT NULL,
  paymentDate DATE NOT NULL,
  amount DECIMAL(10,2) NOT NULL,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (customerNumber, checkNumber),
  KEY payments_updatedAt (updatedAt),
  CONSTRAINT payments_customer FOREIGN KEY (customerNumber) REFERENCES customers (customerNumber)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row per customer and product: the customer's latest rating of something bought.
CREATE TABLE ratings (
  customerNumber INT NOT NULL,
  productCode VARCHAR(15) NOT NULL,
  productRating TINYINT NOT NULL,
  ratedAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updatedAt TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (customerNumber, productCode),
  KEY ratings_productCode (productCode),
  KEY ratings_updatedAt (updatedAt),
  CONSTRAINT ratings_customer FOREIGN KEY (customerNumber) REFERENCES customers (customerNumber),
  CONSTRAINT ratings_product FOREIGN KEY (productCode) REFERENCES products (productCode),
  CONSTRAINT ratings_stars CHECK (productRating BETWEEN 1 AND 5)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
