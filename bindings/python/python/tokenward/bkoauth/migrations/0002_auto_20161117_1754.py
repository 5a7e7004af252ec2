from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bkoauth", "0001_initial")]
    operations = [
        migrations.AlterField(
            model_name="accesstoken",
            name="refresh_token",
            field=models.CharField("refresh token", max_length=255, null=True, blank=True),
        ),
        migrations.AlterField(
            model_name="accesstoken",
            name="scope",
            field=models.TextField("scopes", null=True, blank=True),
        ),
    ]
