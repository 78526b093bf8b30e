"""What a dump may do: make tables, fill them, set its session. Everything else is refused by name."""

from __future__ import annotations

import pytest
from source_database.dump.judgement import Action, judge
from source_database.dump.splitter import Statement
from source_database.errors import StatementRefusedError


def judged(text: str):
    return judge(Statement(text.encode(), 7))


@pytest.mark.parametrize(
    ("text", "verb", "table"),
    [
        ("CREATE TABLE `orders` (\n `orderNumber` int(11))", "CREATE TABLE", "orders"),
        (
            "create table if not exists orders (x INT DEFAULT 1.5 COMMENT 'see mysql.user; SELECT')",
            "CREATE TABLE",
            "orders",
        ),
        ("insert  into `orders`(`a`,`b`) values (1,'mysql.user')", "INSERT", "orders"),
        ("INSERT IGNORE INTO orders VALUES (1, 'DROP DATABASE x')", "INSERT", "orders"),
        ("REPLACE INTO `orders` VALUES (1)", "REPLACE", "orders"),
        ("DROP TABLE IF EXISTS `orders`", "DROP TABLE", None),
        ("/*!40000 ALTER TABLE `orders` DISABLE KEYS */", "ALTER TABLE", None),
        ("/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */", "SET", None),
        ("SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS", "SET", None),
        ("/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */", "SET", None),
    ],
)
def test_tables_and_their_rows_are_executed(text, verb, table):
    judgement = judged(text)
    assert (judgement.action, judgement.verb, judgement.table) == (Action.EXECUTE, verb, table)


@pytest.mark.parametrize(
    ("text", "database"),
    [
        (
            "CREATE DATABASE /*!32312 IF NOT EXISTS*/`classicmodels` /*!40100 DEFAULT CHARACTER SET latin1 */",
            "classicmodels",
        ),
        ("DROP DATABASE IF EXISTS shop", "shop"),
        ("USE `classicmodels`", "classicmodels"),
        ("LOCK TABLES `orders` WRITE", None),
        ("UNLOCK TABLES", None),
        ("START TRANSACTION", None),
        ("COMMIT", None),
        ("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'abc:1-5'", None),
        ("SET @@SESSION.SQL_LOG_BIN= 0", None),
    ],
)
def test_what_the_loader_does_itself_or_only_replication_needs_is_left_out(text, database):
    judgement = judged(text)
    assert (judgement.action, judgement.database) == (Action.LEAVE_OUT, database)


@pytest.mark.parametrize(
    "text",
    [
        "GRANT ALL ON *.* TO x",
        "/*!50000 GRANT ALL ON *.* TO x */",
        "CREATE USER x IDENTIFIED BY 'y'",
        "SET PASSWORD FOR root = 'x'",
        "SET GLOBAL max_connections = 1",
        "SET sql_mode = '', GLOBAL max_connections = 1",
        "SET @@GLOBAL.max_connections = 1",
        "SET @@session.sql_mode='', @@global.max_connections=1",
        "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET @a = 1",
        "CREATE VIEW v AS SELECT 1",
        "/*!50001 CREATE ALGORITHM=UNDEFINED VIEW v AS SELECT 1 */",
        "CREATE PROCEDURE p() SELECT 1",
        "INSERT INTO mysql.user VALUES (1)",
        "INSERT INTO `mysql`.`user` VALUES (1)",
        "INSERT INTO orders SELECT * FROM other",
        "CREATE TABLE t (a INT) SELECT * FROM mysql.user",
        "CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES `other`.`t` (a))",
        "CREATE TABLE t LIKE mysql.user",
        "ALTER TABLE orders RENAME TO mysql.x",
        "DROP TABLE mysql.user",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE orders",
        "DELETE FROM orders",
        "UPDATE orders SET status = 1",
        "hello world",
        "<!DOCTYPE html>",
    ],
)
def test_everything_else_is_refused_with_its_line(text):
    with pytest.raises(StatementRefusedError, match=r"^Line 7: “.*nothing has been changed"):
        judged(text)
