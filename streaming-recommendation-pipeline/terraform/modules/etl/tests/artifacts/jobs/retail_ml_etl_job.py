stands in
