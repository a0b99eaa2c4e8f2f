import io.tdc.Tdc;
import java.nio.file.Path;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A job for Spark on the JVM: decodes the binary column {@code history} of Parquet files.
 *
 * <pre>spark-submit --class DecodeHistories … ENCODED DECODED /etc/tdc/tdc.yaml NAMESPACE</pre>
 */
public final class DecodeHistories {
  private DecodeHistories() {}

  public static void main(String[] arguments) {
    String config = arguments[2];
    String namespace = arguments[3];
    SparkSession spark = SparkSession.builder().appName("DecodeHistories").getOrCreate();
    Dataset<Row> encoded = spark.read().parquet(arguments[0]);
    int column = encoded.schema().fieldIndex("history");
    // The function is serialised: it knows a path, and neither a key nor an open Tdc.
    MapPartitionsFunction<Row, Row> decode = rows -> decode(rows, column, config, namespace);
    encoded.mapPartitions(decode, Encoders.row(encoded.schema())).write().parquet(arguments[1]);
    spark.stop();
  }

  /** Runs on an executor, which opens the file on its own disk, once for a partition. */
  private static Iterator<Row> decode(
      Iterator<Row> rows, int column, String config, String namespace) {
    Tdc tdc = Tdc.builder(Path.of(config)).namespace(namespace).open();
    // A listener and not a try block: Spark asks for the rows after this method has returned.
    TaskCompletionListener close = task -> tdc.close();
    TaskContext.get().addTaskCompletionListener(close);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        Row row = rows.next();
        Object[] values = new Object[row.size()];
        for (int index = 0; index < values.length; index++) {
          values[index] = row.get(index);
        }
        if (!row.isNullAt(column)) {
          values[column] = tdc.decodeHistory(row.<byte[]>getAs(column));
        }
        return RowFactory.create(values);
      }
    };
  }
}
